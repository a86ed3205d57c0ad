// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.own;

import com.google.gson.JsonObject;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.core.token.TokenizerKind;

/** A tokenizer of a user's own: digits below a base. */
public record OwnTokenizer(int base) implements Tokenizer {
  @Override
  public int vocabularySize() {
    return base;
  }

  @Override
  public String unit() {
    return "digit";
  }

  @Override
  public int[] encode(CharSequence text) {
    return text.chars().map(c -> Character.digit(c, base)).toArray();
  }

  @Override
  public String decode(int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(id == base ? MASK_TEXT : Character.toString(Character.forDigit(id, base)));
    }
    return text.toString();
  }

  @Override
  public int seam(CharSequence text) {
    return text.length();
  }

  @Override
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    json.addProperty("formatVersion", 1);
    json.addProperty("type", "digits");
    json.addProperty("base", base);
    return json;
  }

  /** Its type. */
  public static final class Kind implements TokenizerKind {
    @Override
    public String type() {
      return "digits";
    }

    @Override
    public Tokenizer fromJson(JsonObject json) {
      return new OwnTokenizer(json.get("base").getAsInt());
    }
  }
}
