// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.NoDistributionException;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The computation of the network's probabilities at all positions of a sequence. */
final class Distributions {
  private static final int VOCABULARY_AXIS = 1;

  private Distributions() {}

  static TokenDistribution of(
      NDManager manager, Denoiser denoiser, InitialSequence sequence, double t) {
    int[] zt = sequence.zt();
    Condition condition = new Condition(new double[] {t}, sequence.labels().toArray());
    try (NDManager scope = manager.newSubManager()) {
      long[] tokens = Arrays.stream(zt).asLongStream().toArray();
      NDArray z = scope.create(tokens, new Shape(1, zt.length));
      NDArray rows = scope.create(LongStream.range(0, zt.length).toArray());
      NDArray logits = denoiser.logits(z, condition, rows); // [N, V]
      float[] probabilities = logits.softmax(VOCABULARY_AXIS).toFloatArray();
      if (IntStream.range(0, probabilities.length).anyMatch(i -> Float.isNaN(probabilities[i]))) {
        throw new NoDistributionException();
      }
      return new TokenDistribution(zt, probabilities);
    }
  }
}
