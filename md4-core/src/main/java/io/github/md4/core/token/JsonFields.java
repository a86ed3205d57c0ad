// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;

/** Fields of a JSON object by type; one that is missing or other is an IllegalArgumentException. */
record JsonFields(JsonObject json) {
  static final String FORMAT_VERSION = "formatVersion";

  /** Returns an object as indented JSON, ending in a newline. */
  static String pretty(JsonObject json) {
    return new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .serializeNulls()
            .create()
            .toJson(json)
        + "\n";
  }

  /** Throws unless the format version is the one known here. */
  void checkFormatVersion(int known) {
    long version = count(FORMAT_VERSION);
    if (version != known) {
      throw new IllegalArgumentException(
          "format version must be %d: %d; a newer md4 wrote it?".formatted(known, version));
    }
  }

  String string(String key) {
    JsonPrimitive value = primitive(key);
    if (!value.isString()) {
      throw wrong(key, "a string");
    }
    return value.getAsString();
  }

  /** Returns a whole number of at least zero. */
  long count(String key) {
    JsonPrimitive value = primitive(key);
    if (!value.isNumber()) {
      throw wrong(key, "a whole number");
    }
    try {
      long count = value.getAsBigDecimal().longValueExact();
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException | ArithmeticException e) {
      throw new IllegalArgumentException(wrong(key, "a whole number").getMessage(), e);
    }
    throw wrong(key, "at least 0");
  }

  /** Returns a whole number of at least zero that an int holds. */
  int size(String key) {
    long count = count(key);
    if (count > Integer.MAX_VALUE) {
      throw wrong(key, "below 2^31");
    }
    return (int) count;
  }

  /** Returns a {@link #size}; where the key is absent, {@code otherwise}. */
  int sizeOr(String key, int otherwise) {
    return json.has(key) ? size(key) : otherwise;
  }

  /** Returns a text; where the key is absent, an empty one. */
  String stringOrEmpty(String key) {
    return json.has(key) ? string(key) : "";
  }

  List<String> strings(String key) {
    if (!json.has(key) || !json.get(key).isJsonArray()) {
      throw wrong(key, "an array");
    }
    List<String> strings = new ArrayList<>();
    for (JsonElement element : json.getAsJsonArray(key)) {
      if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
        throw wrong(key, "an array of strings");
      }
      strings.add(element.getAsString());
    }
    return strings;
  }

  JsonObject object(String key) {
    if (!json.has(key) || !json.get(key).isJsonObject()) {
      throw wrong(key, "an object");
    }
    return json.getAsJsonObject(key);
  }

  List<JsonFields> objects(String key) {
    if (!json.has(key) || !json.get(key).isJsonArray()) {
      throw wrong(key, "an array");
    }
    List<JsonFields> fields = new ArrayList<>();
    for (JsonElement element : json.getAsJsonArray(key)) {
      if (!element.isJsonObject()) {
        throw wrong(key, "an array of objects");
      }
      fields.add(new JsonFields(element.getAsJsonObject()));
    }
    return fields;
  }

  private JsonPrimitive primitive(String key) {
    if (!json.has(key) || !json.get(key).isJsonPrimitive()) {
      throw wrong(key, "a value");
    }
    return json.getAsJsonPrimitive(key);
  }

  private IllegalArgumentException wrong(String key, String expected) {
    String given = json.has(key) ? json.get(key).toString() : "missing";
    return new IllegalArgumentException(key + " must be " + expected + ": " + given);
  }
}
