// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/** The range and element type in which a network of features takes the values of pixels. */
public enum PixelRange {
  /** Whole numbers from 0 to 255, uint8. */
  UINT8 {
    @Override
    public NDArray of(NDArray values) {
      return values.toType(DataType.UINT8, false);
    }
  },
  /** Numbers from 0 to 1, float32. */
  UNIT {
    @Override
    public NDArray of(NDArray values) {
      return values.div(HIGHEST);
    }
  },
  /** Numbers from -1 to 1, float32. */
  SIGNED {
    @Override
    public NDArray of(NDArray values) {
      return values.div(HIGHEST / 2).sub(1);
    }
  };

  private static final float HIGHEST = 255;

  /**
   * {@return the values in this range, of the same shape and manager}
   *
   * @param values the values of pixels, whole numbers from 0 to 255 in float32, of any shape
   */
  public abstract NDArray of(NDArray values);

  /**
   * {@return the choice written as {@code uint8}, {@code unit} or {@code signed}}
   *
   * @param text the choice as options write it, in lower case
   * @throws IllegalArgumentException for any other text
   */
  public static PixelRange parse(String text) {
    return Choices.parse(values(), "input", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
