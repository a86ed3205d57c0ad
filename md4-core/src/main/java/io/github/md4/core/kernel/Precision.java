// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import java.util.Locale;

/** The type in which a network multiplies; its weights are float32 either way. */
public enum Precision {
  /** Exact enough to be compared with the reference number by number. */
  FLOAT32(6, 1),
  /** bfloat16 products and activations, float32 sums, softmax, weights and optimizer. */
  BFLOAT16(15, 64);

  /** The type's number in ATen. */
  final int scalarType;

  /** The multiple to which a product's columns are padded: tensor cores want them aligned. */
  final int columns;

  Precision(int scalarType, int columns) {
    this.scalarType = scalarType;
    this.columns = columns;
  }

  /** Returns the precision written as {@code float32} or {@code bfloat16}. */
  public static Precision parse(String text) {
    for (Precision precision : values()) {
      if (precision.toString().equals(text)) {
        return precision;
      }
    }
    throw new IllegalArgumentException("precision must be float32 or bfloat16: " + text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
