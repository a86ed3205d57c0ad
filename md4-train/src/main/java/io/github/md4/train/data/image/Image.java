// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.token.ImageShape;

/**
 * An image.
 *
 * @param values unsigned bytes from 0 to 255: rows, then columns, then colours
 */
record Image(ImageShape shape, byte[] values) {

  Image {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(
          "the number of values must be that of %s: %d".formatted(shape, values.length));
    }
  }

  int value(int row, int column, int colour) {
    return values[(row * shape.width() + column) * shape.colours() + colour] & 0xFF;
  }

  /** Returns whether the colours of each pixel are equal, of which there is more than one. */
  boolean isGreyInColours() {
    int colours = shape.colours();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != values[i - i % colours]) {
        return false;
      }
    }
    return colours > 1;
  }

  int[] tokens() {
    int[] tokens = new int[values.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = values[i] & 0xFF;
    }
    return tokens;
  }

  /** Returns the image whose colours are consecutive planes, as in CIFAR. */
  static Image ofPlanes(ImageShape shape, byte[] planes, int start) {
    byte[] values = new byte[shape.size()];
    for (int i = 0; i < values.length; i++) {
      int pixel = i / shape.colours();
      values[i] = planes[start + i % shape.colours() * shape.pixels() + pixel];
    }
    return new Image(shape, values);
  }
}
