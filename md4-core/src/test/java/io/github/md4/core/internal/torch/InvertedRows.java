// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/** Draws by inversion from the logits of some rows, in plain loops. */
public record InvertedRows(float[] logits, int vocabulary, Inversion inversion) {
  public static InvertedRows of(NDArray logits, Inversion inversion) {
    return new InvertedRows(logits.toFloatArray(), (int) logits.getShape().get(1), inversion);
  }

  /** Returns tokens, probabilities, confidences, [3, R]. */
  public double[] drawn(double[] u) {
    double[] drawn = new double[3 * u.length];
    for (int r = 0; r < u.length; r++) {
      int token = token(r, u[r]);
      double temperature = isOfTokens() && !isCold() ? inversion.temperature() : 1;
      double[] told = law(r, temperature, isOfTokens());
      drawn[r] = token;
      drawn[u.length + r] = told[token];
      drawn[2 * u.length + r] = confidence(told, token);
    }
    return drawn;
  }

  private boolean isOfTokens() {
    return inversion.told() == Inversion.Told.OF_TOKENS;
  }

  private boolean isCold() {
    return isOfTokens() && inversion.temperature() == 0;
  }

  private int token(int row, double u) {
    double[] law = law(row, isCold() ? 1 : inversion.temperature(), true);
    if (u < 0 || isCold()) {
      double most = DoubleStream.of(law).max().orElseThrow();
      int first = 0;
      while (law[first] < most) {
        first++;
      }
      return first;
    }
    double running = 0;
    double target = u * DoubleStream.of(law).sum();
    for (int v = 0; v < law.length; v++) {
      running += law[v];
      if (running > target) {
        return v;
      }
    }
    return law.length - 1;
  }

  /** Returns a law of the network's logits, cut where it is that of the tokens. */
  private double[] law(int row, double temperature, boolean isCut) {
    double[] law = all(row, temperature);
    for (Inversion.Cut cut : isCut ? inversion.cuts() : List.<Inversion.Cut>of()) {
      law = left(law, cut);
    }
    return law;
  }

  /** Returns what a cut leaves of a law: tokens as likely as the last one that is taken. */
  private static double[] left(double[] law, Inversion.Cut cut) {
    double[] ascending = law.clone();
    Arrays.sort(ascending);
    double least = 1;
    double mass = 0;
    int count = 0;
    for (int i = law.length - 1; i >= 0; i--) {
      if (cut.most() > 0 ? count < cut.most() : mass < cut.share()) {
        least = ascending[i];
      }
      mass += ascending[i];
      count++;
    }
    double[] left = law.clone();
    for (int v = 0; v < law.length; v++) {
      left[v] = law[v] >= least ? law[v] : 0;
    }
    double sum = DoubleStream.of(left).sum();
    return DoubleStream.of(left).map(each -> each / sum).toArray();
  }

  private double[] all(int row, double temperature) {
    double[] law = new double[vocabulary];
    float most = Float.NEGATIVE_INFINITY;
    for (int v = 0; v < vocabulary; v++) {
      most = Math.max(most, logits[row * vocabulary + v]);
    }
    for (int v = 0; v < vocabulary; v++) {
      double below = (double) logits[row * vocabulary + v] - most;
      law[v] = temperature > 0 ? Math.exp(below / temperature) : below == 0 ? 1 : 0;
    }
    double sum = DoubleStream.of(law).sum();
    return DoubleStream.of(law).map(each -> each / sum).toArray();
  }

  private double confidence(double[] law, int token) {
    double[] sorted = law.clone();
    Arrays.sort(sorted);
    return switch (inversion.confidence()) {
      case PROBABILITY -> law[token];
      case MARGIN -> sorted[sorted.length - 1] - sorted[sorted.length - 2];
      case NEGATIVE_ENTROPY -> DoubleStream.of(law).map(p -> p > 0 ? p * Math.log(p) : 0).sum();
    };
  }
}
