// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.HashSet;
import java.util.List;

/**
 * The classes of labelled examples; the place of a name is its label.
 *
 * @param names none twice, none with a blank
 */
public record ClassNames(List<String> names) implements Tokenizer {
  static final String TYPE = "classes";
  private static final String NAMES = "names";

  public ClassNames {
    names = List.copyOf(names);
    if (names.isEmpty() || new HashSet<>(names).size() < names.size()) {
      throw new IllegalArgumentException("names must be at least one, and none twice: " + names);
    }
    for (String name : names) {
      if (name.isEmpty() || name.chars().anyMatch(Character::isWhitespace)) {
        throw new IllegalArgumentException(
            "a class must have a name without blanks: '" + name + "'");
      }
    }
  }

  /**
   * Returns the label of a name.
   *
   * @throws IllegalArgumentException if there is no such class
   */
  public int label(String name) {
    int label = names.indexOf(name);
    if (label < 0) {
      throw new IllegalArgumentException("no class has this name: " + name);
    }
    return label;
  }

  @Override
  public int vocabularySize() {
    return names.size();
  }

  @Override
  public String unit() {
    return "label";
  }

  @Override
  public int[] encode(CharSequence text) {
    return TokenizerParts.words(text, this::label);
  }

  @Override
  public String decode(int[] ids) {
    return TokenizerParts.joined(ids, names.size(), names::get);
  }

  @Override
  public int seam(CharSequence text) {
    return TokenizerParts.lastBlank(text);
  }

  @Override
  public JsonObject toJson() {
    JsonObject json = TokenizerParts.of(TYPE);
    JsonArray array = new JsonArray();
    names.forEach(array::add);
    json.add(NAMES, array);
    return json;
  }

  static ClassNames fromJson(JsonFields fields) {
    return new ClassNames(fields.strings(NAMES));
  }
}
