// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.core.diffusion.AnyOrderObjective;
import io.github.md4.core.diffusion.BoundTerms;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.stream.IntStream;

/**
 * The mean cross-entropy of the masked tokens where each is masked with probability 3/4, as a user
 * writes an objective; held-out data are scored in any order.
 */
record OwnObjective(TokenSpace space, MaskingSchedule schedule) implements Objective {
  private static final double SHARE = 0.75;

  @Override
  public Query query(int[] x, double v, double[] u) {
    int[] masked = IntStream.range(0, x.length).filter(n -> u[n] < SHARE).toArray();
    int[] zt = x.clone();
    for (int position : masked) {
      zt[position] = space.maskToken();
    }
    return new Query(zt, SHARE, masked, 1 / SHARE);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public Objective likelihood() {
    return new AnyOrderObjective(space, schedule);
  }

  @Override
  public String kind() {
    return "cross-entropy at one share of masks";
  }

  /** The kind {@code one-share}. */
  public record Kind() implements ObjectiveKind {
    @Override
    public String name() {
      return "one-share";
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new OwnObjective(space, schedule);
    }

    @Override
    public String toString() {
      return name();
    }
  }
}
