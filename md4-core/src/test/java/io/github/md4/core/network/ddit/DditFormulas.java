// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import io.github.md4.core.published.Peer;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** The formulas of MDLM, SEDD and RADD as their papers have them, in double. */
final class DditFormulas {
  static final double EPSILON = 1e-3;
  static final double FORBIDDEN = -1e6;

  private DditFormulas() {}

  static double sigma(double t) {
    return NoiseFeatures.sigma(t);
  }

  static double rate(double t) {
    return (1 - EPSILON) / (1 - (1 - EPSILON) * t);
  }

  static double[] each(double[] values, DoubleUnaryOperator of) {
    return Arrays.stream(values).map(of).toArray();
  }

  static double logSumExp(double[] x) {
    double max = Arrays.stream(x).max().orElseThrow();
    return max + Math.log(Arrays.stream(x).map(each -> Math.exp(each - max)).sum());
  }

  static double[] logSoftmax(double[] x) {
    double sum = logSumExp(x);
    return each(x, each -> each - sum);
  }

  static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  static int[] flat(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(Arrays::stream).toArray();
  }

  /** Returns MDLM's substitution: no mask is guessed, and what is given stays. */
  static double[][] subs(double[][] logits, int[][] zt) {
    int[] shown = flat(zt);
    int mask = logits[0].length - 1;
    double[][] logProbs = new double[logits.length][];
    for (int row = 0; row < logits.length; row++) {
      double[] x = logits[row].clone();
      x[mask] += FORBIDDEN;
      logProbs[row] = logSoftmax(x);
      if (shown[row] != mask) {
        Arrays.fill(logProbs[row], FORBIDDEN);
        logProbs[row][shown[row]] = 0;
      }
    }
    return logProbs;
  }

  static double[] losses(double[][] logProbs, Peer peer, IntToDoubleFunction weight) {
    int[] x = flat(peer.tokens("x0"));
    int[] zt = flat(peer.tokens("xt"));
    int mask = logProbs[0].length - 1;
    int length = x.length / peer.tokens("x0").length;
    return IntStream.range(0, x.length)
        .mapToDouble(
            row ->
                zt[row] == mask ? -logProbs[row][x[row]] * weight.applyAsDouble(row / length) : 0)
        .toArray();
  }

  static double[][] step(double[][] p, int mask, double reveals, double stays) {
    double[][] q = new double[p.length][];
    for (int row = 0; row < p.length; row++) {
      q[row] = each(p[row], each -> each * reveals);
      q[row][mask] = stays;
    }
    return q;
  }

  static double[] score(double[] p, int shown, int mask, double sigma) {
    double[] score;
    if (shown == mask) {
      score = each(p, each -> each / Math.expm1(sigma));
      score[mask] = 1;
    } else {
      score = new double[p.length];
      score[shown] = 1;
      score[mask] = Math.expm1(sigma);
    }
    return score;
  }

  /** Returns the staggered score of SEDD's analytic step. */
  static double[][] staggered(double[][] scores, int mask, double by) {
    double[][] staggered = new double[scores.length][];
    for (int row = 0; row < scores.length; row++) {
      double sum = Arrays.stream(scores[row]).sum();
      staggered[row] = each(scores[row], each -> each * Math.exp(by));
      staggered[row][mask] += (1 - Math.exp(by)) * sum;
    }
    return staggered;
  }

  static double[][] analytic(double[][] scores, int[] shown, int mask, double by) {
    double[][] q = staggered(scores, mask, by);
    for (int row = 0; row < q.length; row++) {
      for (int y = 0; y < q[row].length; y++) {
        double moves = shown[row] == mask ? -Math.expm1(-by) : 0;
        q[row][y] *= moves + (y == shown[row] ? Math.exp(-by) : 0);
      }
    }
    return q;
  }
}
