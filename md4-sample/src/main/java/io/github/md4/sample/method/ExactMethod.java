// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.text.Call;
import io.github.md4.sample.law.TokenLaw;

/**
 * Methods whose samples follow the model's reverse process exactly. In MD4 the time of a reveal
 * does not depend on the network, so it is drawn first; then the network is called only at times
 * that reveal something, only for the positions that they reveal (docs/sampling.md). Immutable.
 *
 * <p>Where each token has its own power (GenMD4), a position draws at the times of the largest
 * power, and keeps a token with the rest of the token's own probability: the calls are then
 * bounded, not planned, and no position is left over.
 *
 * <p>They are exact for the {@link TokenLaw} that is asked for. {@link Leftovers#ARGMAX} fills the
 * one position in ten thousand that is still masked at time 0 with the likeliest token, as the
 * reference does.
 */
public sealed interface ExactMethod extends SamplingMethod {

  @Override
  default boolean isExact() {
    return true;
  }

  /** Narrows the inherited method: every exact method has this procedure. */
  @Override
  SamplingProcedure genMd4(GenMd4Schedule schedule);

  /**
   * Ancestral sampling, {@code p(z_s | z_t)} step by step (MD4, arXiv 2406.04329, Algorithm 2;
   * spec, Section 4.2).
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record Ancestral(SamplingSteps steps, Leftovers leftovers) implements ExactMethod, GridMethod {

    /**
     * Makes ancestral sampling that fills leftover positions as the reference does.
     *
     * @param steps the grid and the number of steps
     */
    public Ancestral(SamplingSteps steps) {
      this(steps, Leftovers.ARGMAX);
    }

    @Override
    public String text() {
      return MethodText.text(MethodText.ANCESTRAL, steps, leftovers);
    }

    @Override
    public Ancestral withSteps(int count) {
      return new Ancestral(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return "ancestral";
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      ReverseProcess process = new ReverseProcess(schedule);
      return PlannedTrajectory.procedure(
          from -> RevealTimes.Grid.of(process, steps.from(from)), leftovers);
    }

    @Override
    public SamplingProcedure genMd4(GenMd4Schedule schedule) {
      return GenMd4Trajectory.procedure(
          this::timeAt, from -> new GenMd4Reverse.OnGrid(schedule, steps.from(from)));
    }

    @Override
    public SamplingProcedure uniformNoise(MaskingSchedule schedule) {
      return UniformTrajectory.steps(schedule, steps, leftovers);
    }

    /** In a number of steps, of which the law of ever more steps is the limit. */
    @Override
    public SamplingProcedure gaussianNoise(MaskingSchedule schedule, int width) {
      return GaussianTrajectory.procedure(schedule, width, steps, leftovers);
    }
  }

  /**
   * The step of two draws (MD4, arXiv 2406.04329, Algorithm 3; spec, Section 4.2): whether a
   * position is revealed and what it becomes are drawn independently. With the exact draw its
   * samples equal those of {@link Ancestral}, which draws the two apart as well.
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record Mean(SamplingSteps steps, Leftovers leftovers) implements ExactMethod, GridMethod {
    @Override
    public String text() {
      return MethodText.text(MethodText.MEAN, steps, leftovers);
    }

    @Override
    public Mean withSteps(int count) {
      return new Mean(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return "mean";
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return new Ancestral(steps, leftovers).md4(schedule);
    }

    @Override
    public SamplingProcedure genMd4(GenMd4Schedule schedule) {
      return new Ancestral(steps, leftovers).genMd4(schedule);
    }
  }

  /**
   * Continuous time, the limit of ever more steps: each position is revealed at a time of its own
   * (first hitting, arXiv 2409.02908, Section 4), so there is one call of the network for each
   * position.
   *
   * @param leftovers the filling of positions that are still masked at the end
   */
  record FirstHitting(Leftovers leftovers) implements ExactMethod {
    @Override
    public String text() {
      return Call.text(MethodText.FIRST_HITTING, leftovers);
    }

    @Override
    public String name() {
      return "first-hitting";
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      ReverseProcess process = new ReverseProcess(schedule);
      return PlannedTrajectory.procedure(
          from -> new RevealTimes.Continuous(process, from), leftovers);
    }

    @Override
    public SamplingProcedure genMd4(GenMd4Schedule schedule) {
      return GenMd4Trajectory.procedure(
          this::timeAt, from -> new GenMd4Reverse.Continuous(schedule));
    }
  }

  /** Each token given those before it: of a causal network, and of no other. */
  record LeftToRight() implements ExactMethod {
    @Override
    public String text() {
      return name();
    }

    @Override
    public String name() {
      return MethodText.AUTOREGRESSIVE;
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      throw notCausal();
    }

    @Override
    public SamplingProcedure genMd4(GenMd4Schedule schedule) {
      throw notCausal();
    }

    @Override
    public SamplingProcedure uniformNoise(MaskingSchedule schedule) {
      throw notCausal();
    }

    @Override
    public SamplingProcedure gaussianNoise(MaskingSchedule schedule, int width) {
      throw notCausal();
    }

    @Override
    public SamplingProcedure leftToRight() {
      return LeftToRightTrajectory.procedure();
    }

    private static IllegalArgumentException notCausal() {
      return new IllegalArgumentException("sampler autoregressive needs an autoregressive model");
    }
  }
}
