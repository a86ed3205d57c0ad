// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import java.util.Arrays;

/** The law of sequences whose positions are filled one by one, in an order drawn uniformly. */
final class AnyOrderLaw {
  private AnyOrderLaw() {}

  /** Returns the law of the states that {@link ExactLaw#state} numbers. */
  static double[] of(KnownLaw known, int length, double t) {
    int[] z = new int[length];
    Arrays.fill(z, ExactLaw.TOKENS);
    double[] law = new double[ExactLaw.STATES];
    add(law, known, z, t, 1);
    return law;
  }

  private static void add(double[] law, KnownLaw known, int[] z, double t, double probability) {
    int masks = (int) Arrays.stream(z).filter(token -> token == ExactLaw.TOKENS).count();
    if (masks == 0) {
      law[ExactLaw.state(z)] += probability;
    }
    for (int n = 0; n < z.length; n++) {
      if (z[n] == ExactLaw.TOKENS) {
        double[] mu = known.mu(z, n, t);
        for (int v = 0; v < mu.length; v++) {
          int[] next = z.clone();
          next[n] = v;
          add(law, known, next, t, probability * mu[v] / masks);
        }
      }
    }
  }
}
