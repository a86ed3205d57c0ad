// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.likelihood.BoundEstimator;

/**
 * What a network is trained for: what it sees of an example, where it guesses, and what that
 * counts.
 */
public sealed interface Objective permits Md4Objective, AutoregressiveObjective, GenMd4Objective {

  /** Returns the states of a position. */
  TokenSpace space();

  /** Returns the time of an example, from a uniform in [0, 1). */
  double time(double u);

  /**
   * Returns what the network sees of an example.
   *
   * @param x clean tokens [N]
   * @param t a time that {@link #time} returned
   * @param u uniforms in [0, 1), [N]
   * @return [N], in [0, V]
   */
  int[] seen(int[] x, double t, double[] u);

  /**
   * Returns examples together with where the network guesses.
   *
   * @param x clean tokens [B, N]
   * @param seen the same as {@link #seen} has them [B, N]
   * @param condition the time of each example, and its class where there are classes
   */
  MaskedBatch batch(int[][] x, int[][] seen, Condition condition);

  /**
   * Returns what each row's loss counts in the training loss, bits per token.
   *
   * @param batchSize number of examples of the whole step, of which {@code batch} may be a part
   * @return [R], at least zero
   */
  float[] objectiveWeights(MaskedBatch batch, int batchSize);

  /**
   * Returns the terms of the negative log-likelihood per token, given what the network can lower.
   */
  Md4Objective.Terms perToken(double lowered);

  /** Returns what estimates it on held-out data. */
  BoundEstimator estimator();
}
