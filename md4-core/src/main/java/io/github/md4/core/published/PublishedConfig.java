// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The keys of a published {@code config.json}.
 *
 * @param path the file, for messages
 */
record PublishedConfig(Path path, JsonObject json) {

  /** Reads a file. */
  static PublishedConfig read(Path file) throws IOException {
    return new PublishedConfig(
        file, new UntrustedFile(file).readJson("is no configuration", json -> json));
  }

  /** Returns the keys under a key, or no keys. */
  PublishedConfig under(String key) {
    JsonElement below = json.get(key);
    boolean isObject = below != null && below.isJsonObject();
    return new PublishedConfig(path, isObject ? below.getAsJsonObject() : new JsonObject());
  }

  boolean has(String key) {
    return json.has(key) && !json.get(key).isJsonNull();
  }

  /** Returns the text of a key; empty where there is none. */
  String text(String key) {
    return has(key) && json.get(key).isJsonPrimitive() ? json.get(key).getAsString() : "";
  }

  /**
   * @throws InvalidDataException if the key is missing or no whole number from 0 on
   */
  int whole(String key) {
    double value = number(key);
    if (!(value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value))) {
      throw new InvalidDataException(path, "%s must be a whole number: %s".formatted(key, value));
    }
    return (int) value;
  }

  int whole(String key, int otherwise) {
    return has(key) ? whole(key) : otherwise;
  }

  double number(String key) {
    if (!has(key)) {
      throw new InvalidDataException(path, "lacks " + key);
    }
    try {
      return StrictJson.number(json.get(key), key);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(path, e.getMessage(), e);
    }
  }

  double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    String text = json.get(key).toString();
    if (!text.equals("true") && !text.equals("false")) {
      throw new InvalidDataException(path, key + " must be true or false: " + text);
    }
    return text.equals("true");
  }

  /**
   * @throws InvalidDataException if a key is there and has another value than this code computes
   */
  void only(String key, String value) {
    if (has(key) && !json.get(key).toString().replace("\"", "").equals(value)) {
      throw new InvalidDataException(
          path, "%s is %s; only %s can be computed here".formatted(key, json.get(key), value));
    }
  }
}
