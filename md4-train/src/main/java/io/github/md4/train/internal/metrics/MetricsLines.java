// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The lines of {@code metrics.jsonl}. */
final class MetricsLines {
  static final String STEP = "step";
  static final String SPLIT = "split";

  /** The end of the name of the text that says why a number is null. */
  private static final String REASON = "Reason";

  private static final String NOT_A_NUMBER = "not a number";

  private MetricsLines() {}

  /** Returns a line that has no metrics yet. */
  static JsonObject line(long step) {
    JsonObject line = new JsonObject();
    line.addProperty(STEP, step);
    return line;
  }

  /**
   * Adds {@code metrics} to {@code line} in their order, and a reason beside each that is NaN.
   *
   * @param reasons why a metric may be unknown, by its name
   */
  static void add(
      JsonObject line, Map<String, ? extends Number> metrics, Map<String, String> reasons) {
    metrics.forEach(
        (name, value) -> {
          if (name.equals(STEP) || name.equals(SPLIT)) {
            throw new IllegalArgumentException("a metric must not be named " + name);
          }
          line.add(name, json(value));
          if (Double.isNaN(value.doubleValue())) {
            line.addProperty(name + REASON, reasons.getOrDefault(name, NOT_A_NUMBER));
          }
        });
  }

  private static JsonElement json(Number value) {
    if (Double.isNaN(value.doubleValue())) {
      return JsonNull.INSTANCE;
    }
    return Double.isFinite(value.doubleValue())
        ? new JsonPrimitive(value)
        : new JsonPrimitive(value.toString());
  }

  /** Returns the number of bytes of the complete lines of {@code file} up to {@code lastStep}. */
  static long lengthUpTo(Path file, long lastStep) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int start = 0;
    int number = 1;
    for (int end = 0; end < bytes.length; end++) {
      if (bytes[end] == '\n') {
        String line = new String(bytes, start, end - start, StandardCharsets.UTF_8);
        if (step(file, number, line) > lastStep) {
          return start;
        }
        start = end + 1;
        number++;
      }
    }
    return start;
  }

  private static long step(Path file, int number, String line) {
    try {
      return StrictJson.object(line).get(STEP).getAsBigDecimal().longValueExact();
    } catch (RuntimeException e) {
      String reason = "line " + number + " is not a JSON object with a step; move the file away";
      throw new InvalidDataException(file, reason, e);
    }
  }
}
