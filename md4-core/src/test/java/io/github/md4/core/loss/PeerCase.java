// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.opentest4j.TestAbortedException;

/**
 * A case of another system's numbers: the file {@code FAMILY/expected.json} in the folder that the
 * system property {@code md4.golden.peers} names, by default {@code shared/spec/peers} beside the
 * checkout. A test of a case that is not there is aborted.
 */
record PeerCase(JsonObject inputs, JsonObject outputs) {
  private static final String PROPERTY = "md4.golden.peers";

  static PeerCase of(String family) {
    String folder = System.getProperty(PROPERTY, "../../shared/spec/peers");
    Path file = Path.of(folder, family, "expected.json");
    if (!Files.exists(file)) {
      throw new TestAbortedException("no such case: " + file);
    }
    try {
      JsonObject root = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return new PeerCase(root.getAsJsonObject("inputs"), root.getAsJsonObject("outputs"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  double number(String name) {
    return find(name).getAsDouble();
  }

  /** Returns all numbers of a field in row-major order. */
  double[] numbers(String name) {
    List<Double> numbers = new ArrayList<>();
    collect(find(name), numbers);
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  int[] tokens(String name) {
    double[] numbers = numbers(name);
    int[] tokens = new int[numbers.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = (int) numbers[i];
    }
    return tokens;
  }

  /** Returns a field as rows of so many columns, float64. */
  NDArray rows(NDManager manager, String name, int columns) {
    double[] numbers = numbers(name);
    return manager.create(numbers, new Shape(numbers.length / columns, columns));
  }

  private JsonElement find(String name) {
    return inputs.has(name) ? inputs.get(name) : outputs.get(name);
  }

  private static void collect(JsonElement element, List<Double> into) {
    if (element.isJsonArray()) {
      element.getAsJsonArray().forEach(each -> collect(each, into));
    } else {
      into.add(element.getAsDouble());
    }
  }
}
