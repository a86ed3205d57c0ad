// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimator;
import java.util.Arrays;

/**
 * The negative log-likelihood of a network that guesses each token from those before it: the
 * baseline that masked diffusion is compared with (MD4, Section 5). The first token is guessed from
 * the mask alone, so that all N are scored. Time is always 0, so that the network may be the same.
 */
public record AutoregressiveObjective(TokenSpace space) implements Objective {

  @Override
  public double time(double u) {
    return 0;
  }

  /** Returns the mask and then all but the last token. */
  @Override
  public int[] seen(int[] x, double t, double[] u) {
    int[] seen = new int[x.length];
    seen[0] = space.maskToken();
    System.arraycopy(x, 0, seen, 1, x.length - 1);
    return seen;
  }

  @Override
  public MaskedBatch batch(int[][] x, int[][] seen, Condition condition) {
    return MaskedBatch.guessedEverywhere(x, seen, condition);
  }

  @Override
  public float[] objectiveWeights(MaskedBatch batch, int batchSize) {
    double[] weights = new double[batch.batchSize()];
    Arrays.fill(weights, Units.bitsPerToken(1 / ((double) batchSize * batch.length())));
    return batch.rowWeights(weights);
  }

  @Override
  public Md4Objective.Terms perToken(double lowered) {
    return new Md4Objective.Terms(lowered, 0, 0);
  }

  @Override
  public BoundEstimator estimator() {
    return new BoundEstimator.LeftToRight(this);
  }
}
