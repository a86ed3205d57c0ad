// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.internal.torch.Confidence;

/**
 * Methods whose samples follow the model's reverse process exactly. In MD4 when a position is
 * revealed does not depend on the network, so it is drawn first; then the network is asked only at
 * times that reveal something, only for the positions that they reveal.
 *
 * <p>Where each token has its own power (GenMD4), a position asks at the times of the largest
 * power, and keeps what is drawn with what is left of the token's own probability: the calls are
 * then bounded, not planned, and nothing is left over.
 *
 * <p>Exact are they for the {@link TokenLaw} that is asked for; {@link Leftovers#ARGMAX} makes the
 * one token in ten thousand that time 0 leaves over the likeliest, as the reference does.
 */
public sealed interface ExactMethod extends SamplingMethod {

  @Override
  default boolean isExact() {
    return true;
  }

  @Override
  default boolean isPlanned() {
    return true;
  }

  @Override
  default boolean takesPowers() {
    return true;
  }

  @Override
  default RowDraw rowDraw(TokenLaw law) {
    return new RowDraw.Exact(law, Confidence.PROBABILITY);
  }

  /** Ancestral sampling, {@code p(z_s | z_t)} step by step (MD4, Algorithm 2). */
  record Ancestral(SamplingSteps steps, Leftovers leftovers) implements ExactMethod {

    /** Ancestral sampling that fills what is left over as the reference. */
    public Ancestral(SamplingSteps steps) {
      this(steps, Leftovers.ARGMAX);
    }

    @Override
    public String name() {
      return "ancestral";
    }

    @Override
    public double timeAt(double from) {
      return steps.timeAt(from);
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      if (setting.process().isPowered()) {
        int first = steps.first(setting.from());
        double[] times = steps.timesFrom(first);
        return GenMd4Trajectory.beginning(
            setting, powers -> new GenMd4Reverse.OnGrid(powers, times, first), times[0]);
      }
      return PlannedTrajectory.beginning(setting, RevealTimes.Grid.of(steps, setting), leftovers);
    }
  }

  /**
   * The step of two draws (MD4, Algorithm 3): whether a position is revealed and what it becomes
   * are drawn independently. Drawn exactly it is {@link Ancestral} under another name, to the last
   * token: that draws the two apart as well.
   */
  record Mean(SamplingSteps steps, Leftovers leftovers) implements ExactMethod {
    @Override
    public String name() {
      return "mean";
    }

    @Override
    public double timeAt(double from) {
      return steps.timeAt(from);
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      return new Ancestral(steps, leftovers).beginning(setting);
    }
  }

  /**
   * Continuous time, the limit of ever more steps: each position at a time of its own (first
   * hitting, arXiv 2409.02908), so the network is asked once a position.
   */
  record FirstHitting(Leftovers leftovers) implements ExactMethod {
    @Override
    public String name() {
      return "first-hitting";
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      if (setting.process().isPowered()) {
        return GenMd4Trajectory.beginning(setting, GenMd4Reverse.Continuous::new, setting.from());
      }
      RevealTimes timeline = new RevealTimes.Continuous(setting.process(), setting.from());
      return PlannedTrajectory.beginning(setting, timeline, leftovers);
    }
  }
}
