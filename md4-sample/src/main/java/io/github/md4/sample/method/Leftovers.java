// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.Choices;
import io.github.md4.core.internal.torch.DrawKernels;

/**
 * The filling of the few positions that are still masked at time 0: the schedule's epsilon leaves
 * one in ten thousand (spec, Section 4.3).
 */
public enum Leftovers {
  /** The most likely token, as in the reference. */
  ARGMAX {
    @Override
    double uniform(double u) {
      return DrawKernels.LIKELIEST;
    }
  },
  /** A draw, as at every other position. */
  DRAWN {
    @Override
    double uniform(double u) {
      return u;
    }
  };

  /** Returns the uniform of the draw at such a position, in place of {@code u}. */
  abstract double uniform(double u);

  /**
   * {@return the choice written as {@code argmax} or {@code drawn}}
   *
   * @param text the text, as the command line and JSON hold it
   * @throws IllegalArgumentException for any other text
   */
  public static Leftovers parse(String text) {
    return Choices.parse(values(), "leftovers", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
