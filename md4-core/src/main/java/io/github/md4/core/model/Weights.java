// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import java.util.Locale;

/** Which of a run's two sets of weights. */
public enum Weights {
  /** The exponential moving average over the updates. */
  EMA,
  /** What the optimizer moved last. */
  RAW;

  /** Returns the choice written as {@code ema} or {@code raw}. */
  public static Weights parse(String text) {
    for (Weights weights : values()) {
      if (weights.toString().equals(text)) {
        return weights;
      }
    }
    throw new IllegalArgumentException("weights must be ema or raw: " + text);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
