// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.md4.core.NearestName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A vocabulary of words. White space separates words and has no token of its own; decoded text has
 * one blank between words.
 */
public final class WordTokenizer implements Tokenizer {
  static final String TYPE = "words";
  private static final String WORDS = "words";
  private static final String BLANK = " ";
  private static final int SHOWN = 12;

  private final List<String> words;
  private final Map<String, Integer> ids = new HashMap<>();

  /**
   * Makes the vocabulary.
   *
   * @param words the words in the order of their ids, at least one, none twice, none with white
   *     space; copied
   * @throws IllegalArgumentException if there is no word, one has white space, or one stands twice
   */
  public WordTokenizer(List<String> words) {
    this.words = List.copyOf(words);
    if (words.isEmpty()) {
      throw new IllegalArgumentException("a vocabulary must have at least one word");
    }
    for (String word : words) {
      if (word.isEmpty() || word.chars().anyMatch(Character::isWhitespace)) {
        throw new IllegalArgumentException("a word must not have white space: '" + word + "'");
      }
      if (ids.put(word, ids.size()) != null) {
        throw new IllegalArgumentException("twice in the vocabulary: '" + word + "'");
      }
    }
  }

  static WordTokenizer fromJson(JsonFields json) {
    return new WordTokenizer(json.strings(WORDS));
  }

  /** {@return the words in order of their ids} */
  public List<String> words() {
    return words;
  }

  @Override
  public int vocabularySize() {
    return words.size();
  }

  @Override
  public String unit() {
    return "word";
  }

  @Override
  public String summary() {
    List<String> shown = words.subList(0, Math.min(SHOWN, words.size()));
    return "%s: %s%s"
        .formatted(
            Tokenizer.super.summary(),
            String.join(BLANK, shown),
            words.size() > shown.size() ? " ..." : "");
  }

  @Override
  public int[] encode(CharSequence text) {
    TokenizerParts.checkWhole(text);
    return TokenizerParts.words(text, this::id);
  }

  private int id(String word) {
    Integer id = ids.get(word);
    if (id == null) {
      String near = NearestName.hint(words, word);
      String hint = near.isEmpty() ? "; there are " + summary() : near;
      throw new IllegalArgumentException("no word of the vocabulary: '" + word + "'" + hint);
    }
    return id;
  }

  @Override
  public String decode(int[] tokens) {
    return TokenizerParts.joined(tokens, words.size(), words::get);
  }

  @Override
  public String separator() {
    return BLANK;
  }

  @Override
  public int seam(CharSequence text) {
    return TokenizerParts.lastBlank(text);
  }

  @Override
  public JsonObject toJson() {
    JsonArray array = new JsonArray();
    words.forEach(array::add);
    JsonObject json = TokenizerParts.of(TYPE);
    json.add(WORDS, array);
    return json;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WordTokenizer that && words.equals(that.words);
  }

  @Override
  public int hashCode() {
    return words.hashCode();
  }
}
