// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.own;

import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.SamplingGridKind;

/** A grid of a user's own: {@code t^2}. */
public record OwnGrid() implements SamplingGrid {
  @Override
  public double at(double t) {
    return t * t;
  }

  @Override
  public String toString() {
    return "squared";
  }

  /** Its name. */
  public static final class Kind implements SamplingGridKind {
    @Override
    public String name() {
      return "squared";
    }

    @Override
    public SamplingGrid grid() {
      return new OwnGrid();
    }
  }
}
