// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.Choices;

/** The input of a network that encodes the time. */
public enum TimeFeatures {
  /** The time's sinusoidal embedding, {@link TimeEmbedding}. */
  T,
  /** Nothing: without classes too, RMSNorm takes the place of adaLN. */
  NONE;

  /**
   * {@return the choice written as {@code t} or {@code none}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  public static TimeFeatures parse(String text) {
    return Choices.parse(values(), "timeFeatures", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
