// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.Choices;

/** Which of a run's two sets of weights. */
public enum Weights {
  /** The exponential moving average over the updates. */
  EMA,
  /** What the optimizer moved last. */
  RAW;

  /** Returns the choice written as {@code ema} or {@code raw}. */
  public static Weights parse(String text) {
    return Choices.parse(values(), "weights", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
