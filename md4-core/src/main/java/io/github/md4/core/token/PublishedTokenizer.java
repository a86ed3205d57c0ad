// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import io.github.md4.core.StrictJson;
import io.github.md4.core.internal.text.Counted;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A tokenizer of a network whose table has more rows than the vocabulary has tokens: the rows after
 * the last token have no text.
 *
 * @param tokens the vocabulary
 * @param vocabularySize V, the rows of the table, at least the vocabulary's size
 * @param end the id that ends a text, or -1 where the vocabulary says it
 */
public record PublishedTokenizer(Tokenizer tokens, int vocabularySize, int end)
    implements Tokenizer {
  static final String TYPE = "published";

  /**
   * Checks that every token has a row.
   *
   * @param tokens the vocabulary
   * @param vocabularySize the rows of the table
   * @param end the id that ends a text, or -1
   * @throws IllegalArgumentException if {@code vocabularySize} is smaller than the tokenizer's
   */
  public PublishedTokenizer {
    if (vocabularySize < tokens.vocabularySize()) {
      throw new IllegalArgumentException(
          "the network has %s, fewer than the tokenizer's %s"
              .formatted(
                  Counted.of(vocabularySize, "row"), Counted.of(tokens.vocabularySize(), "token")));
    }
  }

  @Override
  public String unit() {
    return tokens.unit();
  }

  @Override
  public int[] encode(CharSequence text) {
    return tokens.encode(text);
  }

  @Override
  public int[] encodeContinuing(CharSequence text) {
    return tokens.encodeContinuing(text);
  }

  @Override
  public String text(int id, int position) {
    return id == vocabularySize
        ? MASK_TEXT
        : id < tokens.vocabularySize() ? tokens.text(id, position) : "";
  }

  @Override
  public String decode(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] > vocabularySize) {
        throw new IllegalArgumentException(
            "a token must be in [0, %d]: %d at position %d".formatted(vocabularySize, ids[i], i));
      }
    }
    int own = tokens.vocabularySize();
    return tokens.decode(
        Arrays.stream(ids)
            .filter(id -> id < own || id == vocabularySize)
            .map(id -> id == vocabularySize ? own : id)
            .toArray());
  }

  @Override
  public String separator() {
    return tokens.separator();
  }

  @Override
  public OptionalInt endOfText() {
    return end >= 0 ? OptionalInt.of(end) : tokens.endOfText();
  }

  @Override
  public int seam(CharSequence text) {
    return tokens.seam(text);
  }

  @Override
  public JsonObject toJson() {
    JsonObject json = TokenizerParts.of(TYPE);
    json.addProperty("rows", vocabularySize);
    json.addProperty("endOfText", end);
    json.add("tokenizer", tokens.toJson());
    return json;
  }

  static PublishedTokenizer fromJson(JsonFields json) {
    return new PublishedTokenizer(
        Tokenizer.fromJson(json.object("tokenizer")),
        json.size("rows"),
        StrictJson.whole(json.json().get("endOfText"), "endOfText"));
  }
}
