// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.function.BiFunction;
import java.util.function.Function;

/** The noise of the steps of a published sampler, for one sequence. */
interface StepNoise {

  /** Returns the noise of the draws of tokens at positions, [c, R]. */
  double[][] draws(int step, int[] positions);

  /** Returns the uniforms in [0, 1) of the choice of positions, [R]. */
  double[] order(int step, int[] positions);

  /** The noise of a sequence by its seed. */
  record OfSeed(PartialSequence sequence) implements StepNoise {
    @Override
    public double[][] draws(int step, int[] positions) {
      return new double[][] {sequence.uniforms(Purpose.SAMPLE, step, positions)};
    }

    @Override
    public double[] order(int step, int[] positions) {
      return sequence.uniforms(Purpose.ORDER, step, positions);
    }
  }

  /** Makes the noise of sequences. */
  @FunctionalInterface
  interface Source {
    /** Makes the noise of each sequence by its seed. */
    Source OF_SEED = (sequence, initial) -> new OfSeed(sequence);

    StepNoise of(PartialSequence sequence, InitialSequence initial);

    /** Returns the trajectories of a request, each with its noise. */
    default Function<SamplingContext, Trajectory.Factory> trajectories(
        BiFunction<PartialSequence, StepNoise, Trajectory> trajectory) {
      return context ->
          initial -> {
            PartialSequence own = new PartialSequence(context, initial);
            return trajectory.apply(own, of(own, initial));
          };
    }
  }
}
