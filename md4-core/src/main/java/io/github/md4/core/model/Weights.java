// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.Choices;

/** A choice between a run's two sets of weights. */
public enum Weights {
  /** The exponential moving average over the updates. */
  EMA,
  /** The weights as the optimizer last moved them. */
  RAW;

  /**
   * {@return the choice written as {@code ema} or {@code raw}}
   *
   * @param text the choice as configs and options write it, in lower case
   * @throws IllegalArgumentException for any other text
   */
  public static Weights parse(String text) {
    return Choices.parse(values(), "weights", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
