// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/** The type in which a network multiplies; its weights are float32 either way. */
public enum Precision {
  /** 32-bit floats: exact enough to be compared with the reference number by number. */
  FLOAT32(6, 1),
  /** bfloat16 products and activations, float32 sums, softmax, weights and optimizer. */
  BFLOAT16(15, 64);

  /** The type's number in ATen. */
  public final int scalarType;

  /** The multiple to which a product's columns are padded: tensor cores want them aligned. */
  public final int columns;

  Precision(int scalarType, int columns) {
    this.scalarType = scalarType;
    this.columns = columns;
  }

  /**
   * {@return the precision written as {@code float32} or {@code bfloat16}}
   *
   * @param text the choice as configs and options write it, in lower case
   * @throws IllegalArgumentException for any other text
   */
  public static Precision parse(String text) {
    return Choices.parse(values(), "precision", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
