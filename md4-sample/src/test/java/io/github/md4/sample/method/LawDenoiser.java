// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.law.TokenLaw;
import java.util.Arrays;

/** A law tempered and truncated in plain loops. */
record LawDenoiser(KnownLaw known, TokenLaw law) implements KnownLaw {
  @Override
  public double[] mu(int[] zt, int position, double t) {
    double[] mu = known.mu(zt, position, t);
    double largest = Arrays.stream(mu).max().orElseThrow();
    for (int v = 0; v < mu.length; v++) {
      mu[v] =
          law.temperature() == 0
              ? (mu[v] == largest ? 1 : 0)
              : Math.pow(mu[v], 1 / law.temperature());
    }
    normalize(mu);
    for (TokenLaw.Truncation truncation : law.truncations()) {
      cut(mu, truncation);
      normalize(mu);
    }
    return mu;
  }

  private static void cut(double[] mu, TokenLaw.Truncation truncation) {
    double[] before = mu.clone();
    for (int v = 0; v < mu.length; v++) {
      double likelier = 0;
      int count = 0;
      for (double other : before) {
        likelier += other > before[v] ? other : 0;
        count += other > before[v] ? 1 : 0;
      }
      boolean stays =
          truncation instanceof TokenLaw.TopP top
              ? likelier < top.p()
              : count < ((TokenLaw.TopK) truncation).k();
      mu[v] = stays ? mu[v] : 0;
    }
  }

  private static void normalize(double[] mu) {
    double sum = Arrays.stream(mu).sum();
    for (int v = 0; v < mu.length; v++) {
      mu[v] /= sum;
    }
  }
}
