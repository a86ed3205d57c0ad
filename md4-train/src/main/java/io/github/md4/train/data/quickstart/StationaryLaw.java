// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

/** The stationary law of an irreducible Markov chain. */
final class StationaryLaw {
  private StationaryLaw() {}

  /**
   * Returns the probabilities {@code pi} with {@code pi P = pi}, by the reduction of Grassmann,
   * Taksar and Heyman (1985).
   *
   * <p>States are removed one by one from the last, and the chain is observed on the rest: {@code
   * P(i, j) += P(i, n) P(n, j) / sum_{k < n} P(n, k)}. Then they are put back. Nothing is
   * subtracted, so that each probability has a small relative error, however small it is. Cubic in
   * the number of states.
   */
  static double[] of(FiniteStateSource.Chain chain) {
    double[][] p = dense(chain);
    for (int n = p.length - 1; n > 0; n--) {
      takeOut(p, n);
    }
    double[] law = new double[p.length];
    law[0] = 1;
    double total = 1;
    for (int n = 1; n < p.length; n++) {
      for (int i = 0; i < n; i++) {
        law[n] += law[i] * p[i][n];
      }
      total += law[n];
    }
    for (int n = 0; n < law.length; n++) {
      law[n] /= total;
    }
    return law;
  }

  private static double[][] dense(FiniteStateSource.Chain chain) {
    double[][] p = new double[chain.size()][chain.size()];
    for (int i = 0; i < chain.size(); i++) {
      for (FiniteStateSource.Step step : chain.states().get(i).next()) {
        p[i][step.to()] += step.probability();
      }
    }
    return p;
  }

  /**
   * Sets {@code p[i][n]} to the expected number of visits to n between two visits to states below
   * n.
   */
  private static void takeOut(double[][] p, int n) {
    double leaves = 0;
    for (int j = 0; j < n; j++) {
      leaves += p[n][j];
    }
    if (!(leaves > 0)) {
      throw new IllegalArgumentException("every state must reach every other: not so from " + n);
    }
    for (int i = 0; i < n; i++) {
      p[i][n] /= leaves;
      if (p[i][n] > 0) {
        for (int j = 0; j < n; j++) {
          p[i][j] += p[i][n] * p[n][j];
        }
      }
    }
  }
}
