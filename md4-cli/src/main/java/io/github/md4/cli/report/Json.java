// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** JSON for scripts. Its {@code toString} is one line. */
public final class Json {
  /** The version of the fields that commands print; docs/json.md says what raises it. */
  private static final int VERSION = 1;

  private static final String VERSION_FIELD = "formatVersion";

  private Json() {}

  /** Returns an object that a command prints, with nothing but the version of docs/json.md. */
  public static ObjectNode report() {
    return object().put(VERSION_FIELD, VERSION);
  }

  /** Returns an object without fields. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Sets a number. NaN and infinity, which JSON lacks, become null, and {@code NAME + "Reason"}
   * says why.
   *
   * @param unknown the reason for NaN
   */
  public static void set(ObjectNode json, String name, double value, String unknown) {
    json.set(name, number(value));
    if (!Double.isFinite(value)) {
      json.put(name + "Reason", Double.isNaN(value) ? unknown : "beyond the largest number");
    }
  }

  /** Returns a number, or null for NaN and infinity, which JSON lacks. */
  public static JsonNode number(double value) {
    return Double.isFinite(value)
        ? JsonNodeFactory.instance.numberNode(value)
        : JsonNodeFactory.instance.nullNode();
  }
}
