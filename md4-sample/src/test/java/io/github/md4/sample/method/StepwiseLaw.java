// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

/** The law of sequences of three positions whose positions change independently in each step. */
final class StepwiseLaw {
  private StepwiseLaw() {}

  /** The law of one position after a step. */
  @FunctionalInterface
  interface Outcomes {
    /** Returns the probabilities of the three tokens and of the mask. */
    double[] of(int[] z, int position, int step);
  }

  /** Returns the law of one state. */
  static double[] at(int... z) {
    double[] law = new double[ExactLaw.STATES];
    law[ExactLaw.state(z)] = 1;
    return law;
  }

  /** Returns the law of tokens drawn uniformly at the masks of a template. */
  static double[] uniform(int... template) {
    double[] law = at(template);
    return after(
        law,
        0,
        (z, n, step) -> z[n] == 3 ? new double[] {1.0 / 3, 1.0 / 3, 1.0 / 3, 0} : stays(z[n]));
  }

  /** Returns the certainty of a token. */
  static double[] stays(int token) {
    double[] law = new double[4];
    law[token] = 1;
    return law;
  }

  /** Returns the law after a step. */
  static double[] after(double[] law, int step, Outcomes outcomes) {
    double[] next = new double[ExactLaw.STATES];
    for (int from = 0; from < law.length; from++) {
      if (law[from] > 0) {
        int[] z = ExactLaw.tokens(from);
        double[][] p = new double[3][];
        for (int n = 0; n < 3; n++) {
          p[n] = outcomes.of(z, n, step);
        }
        for (int to = 0; to < next.length; to++) {
          int[] s = ExactLaw.tokens(to);
          next[to] += law[from] * p[0][s[0]] * p[1][s[1]] * p[2][s[2]];
        }
      }
    }
    return next;
  }
}
