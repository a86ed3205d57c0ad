// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;

/** The JSON of exported files. */
final class ExportJson {
  private static final Gson LINES = new Gson();
  private static final Gson TEXTS =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private ExportJson() {}

  /** Returns a value of Java as JSON. */
  static JsonElement tree(Object value) {
    return LINES.toJsonTree(value);
  }

  /** Returns a value as lines for people. */
  static String text(JsonElement value) {
    return TEXTS.toJson(value) + "\n";
  }

  /** Returns a value as one line. */
  static String line(JsonElement value) {
    return LINES.toJson(value) + "\n";
  }
}
