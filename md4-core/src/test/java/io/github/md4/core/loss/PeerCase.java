// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * A case of another system's numbers: a file {@code NAME/expected.json} below the test resources'
 * {@code peers}, or below the folder that the system property {@code md4.golden.peers} names.
 *
 * @param folder the folder of the case
 */
record PeerCase(Path folder, JsonObject inputs, JsonObject outputs) {
  private static final String PROPERTY = "md4.golden.peers";

  /**
   * Returns the cases that have all of these fields. A test of fields that another folder has not
   * is aborted.
   */
  static List<PeerCase> having(String... fields) {
    Path all = Path.of(System.getProperty(PROPERTY, "../md4-core/src/test/resources/peers"));
    try (Stream<Path> folders = Files.list(all)) {
      List<PeerCase> cases =
          folders
              .sorted()
              .filter(folder -> Files.exists(folder.resolve("expected.json")))
              .map(PeerCase::read)
              .filter(each -> Stream.of(fields).allMatch(each::has))
              .toList();
      if (cases.isEmpty() && System.getProperty(PROPERTY) != null) {
        throw new TestAbortedException("no case in " + all + " has " + List.of(fields));
      }
      assertThat(cases).isNotEmpty();
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static PeerCase read(Path folder) {
    try {
      String text = Files.readString(folder.resolve("expected.json"));
      JsonObject root = JsonParser.parseString(text).getAsJsonObject();
      return new PeerCase(folder, root.getAsJsonObject("inputs"), root.getAsJsonObject("outputs"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean has(String name) {
    return inputs.has(name) || outputs.has(name);
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
