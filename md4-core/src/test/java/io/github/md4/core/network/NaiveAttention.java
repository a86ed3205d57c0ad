// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

/** Attention of all tokens to all, in plain double loops. */
public record NaiveAttention(int heads, int width) {

  /** Returns the mixed values [token][width] of {@code [token][3 width]}: queries, keys, values. */
  public double[][] of(double[][] qkv) {
    double[][] mixed = new double[qkv.length][width];
    int headWidth = width / heads;
    for (int head = 0; head < heads; head++) {
      int first = head * headWidth;
      for (int n = 0; n < qkv.length; n++) {
        double[] weights = weights(qkv, n, first, headWidth);
        for (int m = 0; m < qkv.length; m++) {
          for (int d = first; d < first + headWidth; d++) {
            mixed[n][d] += weights[m] * qkv[m][2 * width + d];
          }
        }
      }
    }
    return mixed;
  }

  private double[] weights(double[][] qkv, int n, int first, int headWidth) {
    double[] weights = new double[qkv.length];
    double sum = 0;
    for (int m = 0; m < qkv.length; m++) {
      double score = 0;
      for (int d = first; d < first + headWidth; d++) {
        score += qkv[n][d] * qkv[m][width + d];
      }
      weights[m] = Math.exp(score / Math.sqrt(headWidth));
      sum += weights[m];
    }
    for (int m = 0; m < weights.length; m++) {
      weights[m] /= sum;
    }
    return weights;
  }
}
