// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * The classes of labelled examples; the place of a name is its label. In a text of several labels a
 * blank within a name is written as an underscore.
 *
 * @param names the names in the order of their labels, at least one, none without a visible
 *     character, and none equal to another in a text
 */
public record ClassNames(List<String> names) implements Tokenizer {
  static final String TYPE = "classes";
  private static final String NAMES = "names";
  private static final Pattern BLANK = Pattern.compile("\\s");

  /**
   * Checks the names.
   *
   * @param names the names in the order of their labels, at least one; copied
   * @throws IllegalArgumentException if there are none, one is blank, or two are the same but for
   *     blanks and underscores
   */
  public ClassNames {
    names = List.copyOf(names);
    if (names.isEmpty() || names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException("names must be at least one, and none twice: " + names);
    }
    if (names.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "a class must have a name with a visible character: " + names);
    }
    if (names.stream().map(ClassNames::inText).distinct().count() < names.size()) {
      throw new IllegalArgumentException(
          "names must differ in more than blanks and underscores: " + names);
    }
  }

  private static String inText(String name) {
    return BLANK.matcher(name).replaceAll("_");
  }

  /**
   * {@return the label of a name, in [0, number of names)}
   *
   * @param name the name as it stands in {@link #names}
   * @throws IllegalArgumentException if there is no such class
   */
  public int label(String name) {
    int label = names.indexOf(name);
    if (label < 0) {
      throw new IllegalArgumentException("no class has this name: " + name);
    }
    return label;
  }

  /**
   * {@return the label of a name, in [0, number of names); nothing where no class has it}
   *
   * @param name the name, in which an underscore may stand for a blank
   */
  public OptionalInt find(String name) {
    int exact = names.indexOf(name);
    int label = exact >= 0 ? exact : names.stream().map(ClassNames::inText).toList().indexOf(name);
    return label < 0 ? OptionalInt.empty() : OptionalInt.of(label);
  }

  private int labelInText(String word) {
    int label = names.stream().map(ClassNames::inText).toList().indexOf(word);
    if (label < 0) {
      throw new IllegalArgumentException("no class has this name: " + word);
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
    return TokenizerParts.words(text, this::labelInText);
  }

  @Override
  public String decode(int[] ids) {
    return TokenizerParts.joined(ids, names.size(), label -> inText(names.get(label)));
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
