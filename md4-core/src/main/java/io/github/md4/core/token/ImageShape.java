// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of an image, whose values are the tokens of a sequence: rows, then columns, then the
 * colours of a pixel.
 *
 * @param height the rows of pixels, at least 1
 * @param width the columns of pixels, at least 1
 * @param colours the values of a pixel, at least 1: 1 is grey, 3 is red, green, blue
 */
public record ImageShape(int height, int width, int colours) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,5})x(\\d{1,5})x(\\d{1,3})");

  /**
   * Checks that there is a row, a column and a colour.
   *
   * @param height the rows of pixels, at least 1
   * @param width the columns of pixels, at least 1
   * @param colours the values of a pixel, at least 1: 1 is grey, 3 is red, green, blue
   * @throws IllegalArgumentException if one of the three is below 1, or their product is above 2^31
   *     - 1
   */
  public ImageShape {
    if (height < 1 || width < 1 || colours < 1) {
      throw new IllegalArgumentException(
          "image must have at least one row, column and colour: %dx%dx%d"
              .formatted(height, width, colours));
    }
    if ((long) height * width > Integer.MAX_VALUE / colours) {
      throw new IllegalArgumentException(
          "image must have fewer than 2^31 values: %dx%dx%d".formatted(height, width, colours));
    }
  }

  /**
   * {@return the shape written as {@code HEIGHTxWIDTHxCOLOURS}: {@code 32x32x3}}
   *
   * @param text the three numbers, joined by {@code x}
   * @throws IllegalArgumentException if the text is not of that form, or a number out of its range
   */
  public static ImageShape parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "image must be HEIGHTxWIDTHxCOLOURS, as in 32x32x3: " + text);
    }
    return new ImageShape(
        Integer.parseInt(parts.group(1)),
        Integer.parseInt(parts.group(2)),
        Integer.parseInt(parts.group(3)));
  }

  /** {@return N, the number of tokens: height times width times colours} */
  public int size() {
    return height * width * colours;
  }

  /** {@return the number of pixels: height times width} */
  public int pixels() {
    return height * width;
  }

  @Override
  public String toString() {
    return height + "x" + width + "x" + colours;
  }
}
