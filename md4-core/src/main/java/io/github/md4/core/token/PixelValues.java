// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import com.google.gson.JsonObject;
import java.util.Optional;

/**
 * The values 0 to 255 of images of one size, rows first, then columns, then colours; as text,
 * decimal numbers between blanks.
 *
 * @param shape rows, columns and colours of each image
 */
public record PixelValues(ImageShape shape) implements Tokenizer {
  static final String TYPE = "pixels";
  private static final int SIZE = 256;
  private static final String IMAGE = "image";

  @Override
  public int vocabularySize() {
    return SIZE;
  }

  @Override
  public String unit() {
    return "dimension";
  }

  @Override
  public String summary() {
    return "the values of images of " + shape;
  }

  @Override
  public Optional<ImageShape> image() {
    return Optional.of(shape);
  }

  @Override
  public int[] encode(CharSequence text) {
    return TokenizerParts.words(text, PixelValues::value);
  }

  private static int value(String word) {
    if (!word.matches("\\d{1,3}") || Integer.parseInt(word) >= SIZE) {
      throw new IllegalArgumentException("a value must be in [0, " + SIZE + "): " + word);
    }
    return Integer.parseInt(word);
  }

  @Override
  public String decode(int[] ids) {
    return TokenizerParts.joined(ids, SIZE, Integer::toString);
  }

  @Override
  public int seam(CharSequence text) {
    return TokenizerParts.lastBlank(text);
  }

  @Override
  public JsonObject toJson() {
    JsonObject json = TokenizerParts.of(TYPE);
    json.addProperty(IMAGE, shape.toString());
    return json;
  }

  static PixelValues fromJson(JsonFields fields) {
    return new PixelValues(ImageShape.parse(fields.string(IMAGE)));
  }
}
