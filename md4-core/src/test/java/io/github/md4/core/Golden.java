// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.opentest4j.TestAbortedException;

/**
 * The reference's numbers: the resource md4-golden.json, or the file of that form that the system
 * property {@code md4.golden} names.
 *
 * <p>What a file lacks aborts the test that asks for it, with a message that names it.
 */
public final class Golden {
  private static final String PROPERTY = "md4.golden";
  private static final String RESOURCE = "/md4-golden.json";

  private Golden() {}

  /** Returns the whole file. */
  public static JsonObject root() {
    return Lazy.ROOT;
  }

  /** Returns the section of that name, or aborts the test and names it. */
  public static JsonObject section(String name) {
    return object(root(), name);
  }

  /**
   * Returns all objects in a parent whose whole name matches, in the file's order; may be empty.
   */
  public static Map<String, JsonObject> objects(JsonObject parent, Pattern name) {
    Map<String, JsonObject> found = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> entry : parent.entrySet()) {
      if (name.matcher(entry.getKey()).matches() && entry.getValue().isJsonObject()) {
        found.put(entry.getKey(), entry.getValue().getAsJsonObject());
      }
    }
    return found;
  }

  /**
   * Returns the member at a path of names, or aborts the test and names it; JSON null counts as
   * missing.
   */
  public static JsonElement field(JsonObject parent, String... path) {
    JsonElement at = parent;
    for (String name : path) {
      at = at.isJsonObject() ? at.getAsJsonObject().get(name) : null;
      if (at == null || at.isJsonNull()) {
        throw lacking(String.join(" / ", path));
      }
    }
    return at;
  }

  /** Returns whether {@link #field} would find a member. */
  public static boolean has(JsonObject parent, String name) {
    return parent.has(name) && !parent.get(name).isJsonNull();
  }

  /** Returns {@link #field} as an object. */
  public static JsonObject object(JsonObject parent, String... path) {
    return field(parent, path).getAsJsonObject();
  }

  /**
   * Returns all numbers in nested arrays, row-major; the strings "inf", "-inf" and "nan" are
   * numbers.
   */
  public static double[] doubles(JsonElement numbers) {
    return stream(numbers).toArray();
  }

  /** Returns {@link #doubles} rounded to float. */
  public static float[] floats(JsonElement numbers) {
    double[] wide = doubles(numbers);
    float[] narrow = new float[wide.length];
    for (int i = 0; i < wide.length; i++) {
      narrow[i] = (float) wide[i];
    }
    return narrow;
  }

  /** Returns {@link #doubles} as whole numbers. */
  public static long[] longs(JsonElement numbers) {
    return stream(numbers).mapToLong(x -> (long) x).toArray();
  }

  /** Returns the rows of an array of arrays of numbers. */
  public static double[][] rows(JsonElement matrix) {
    return elements(matrix).stream().map(Golden::doubles).toArray(double[][]::new);
  }

  /** Returns the elements of an array. */
  public static List<JsonElement> elements(JsonElement array) {
    return array.getAsJsonArray().asList();
  }

  /** Returns the lengths of nested arrays of equal lengths: none for a number. */
  public static long[] shape(JsonElement numbers) {
    List<Long> shape = new ArrayList<>();
    for (JsonElement at = numbers; at.isJsonArray(); at = at.getAsJsonArray().get(0)) {
      shape.add((long) at.getAsJsonArray().size());
    }
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** Returns a skipped test that says that the file lacks something. */
  public static DynamicTest missing(String what) {
    return DynamicTest.dynamicTest(
        what,
        () -> {
          throw lacking(what);
        });
  }

  /**
   * Returns the exception of a test that cannot run on this file. Surefire does not name skipped
   * tests, so the message is printed too.
   */
  public static TestAbortedException skipped(String message) {
    System.out.println("skipped: " + message);
    return new TestAbortedException(message);
  }

  private static TestAbortedException lacking(String what) {
    return skipped(source() + " lacks " + what);
  }

  /** Returns the file's name, for messages. */
  public static String source() {
    String file = System.getProperty(PROPERTY, "");
    return file.isEmpty() ? RESOURCE : file;
  }

  private static DoubleStream stream(JsonElement numbers) {
    if (numbers instanceof JsonArray array) {
      return StreamSupport.stream(array.spliterator(), false).flatMapToDouble(Golden::stream);
    }
    return DoubleStream.of(number(numbers));
  }

  private static double number(JsonElement number) {
    return switch (number.getAsString()) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> number.getAsDouble();
    };
  }

  /** The file, read at the first use. */
  private static final class Lazy {
    private static final JsonObject ROOT = read();

    private static JsonObject read() {
      try (InputStream bytes = open();
          Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8)) {
        return JsonParser.parseReader(text).getAsJsonObject();
      } catch (IOException e) {
        throw new IllegalStateException("cannot read " + source(), e);
      }
    }

    private static InputStream open() throws IOException {
      String file = System.getProperty(PROPERTY, "");
      return file.isEmpty()
          ? Golden.class.getResourceAsStream(RESOURCE)
          : Files.newInputStream(Path.of(file));
    }
  }
}
