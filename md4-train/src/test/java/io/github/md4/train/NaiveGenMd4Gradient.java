// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.Weights;
import io.github.md4.train.update.Learner;

/**
 * The gradient by the powers' parameters in plain loops, term by term as the reference has them
 * (spec, Sections 3.2 and 3.3), epsilon 1e-4; bits per token of the step.
 */
final class NaiveGenMd4Gradient {
  private static final double KEPT = 1 - 1e-4;
  private static final double FLOOR = 1e-3;

  private final NDManager manager;
  private final Learner learner;
  private final float[] raw;
  private final double[] w;
  private final double[] gradient;
  private final int examples;

  NaiveGenMd4Gradient(NDManager manager, Learner learner, int examples) {
    this.manager = manager;
    this.learner = learner;
    this.examples = examples;
    this.raw = TinyRun.flat(learner.model().sets(Weights.RAW).get(GenMd4Parameter.PREFIX));
    this.w = new double[raw.length];
    this.gradient = new double[raw.length];
    for (int v = 0; v < w.length; v++) {
      w[v] = Math.log(1 + Math.exp(raw[v]));
    }
  }

  void add(QueryBatch first, QueryBatch second) {
    double[] l1 = losses(first);
    double[] l2 = losses(second);
    for (int b = 0; b < l1.length; b++) {
      int[] x = first.x()[b];
      for (int n = 0; n < x.length; n++) {
        double score =
            logSlope(first, b, n) - logSlope(second, b, n); // d (ln q1 - ln q2) / d w of the token
        put(x[n], 0.5 * (l1[b] - l2[b]) * score, x.length);
        reconstruct(x[n], x.length);
      }
    }
  }

  /** Losses in nats; adds their own slopes, half of each sample's. */
  private double[] losses(QueryBatch batch) {
    int[] rows = batch.rows();
    int vocabulary = w.length;
    float[] logits;
    try (NDManager scope = manager.newSubManager()) {
      logits =
          learner
              .model()
              .denoiser(Weights.RAW)
              .logits(longs(scope, batch.zt()), batch.condition(), longs(scope, rows).flatten())
              .toFloatArray();
    }
    double[] losses = new double[batch.batchSize()];
    for (int r = 0; r < rows.length; r++) {
      int b = rows[r] / batch.length();
      int n = rows[r] % batch.length();
      if (batch.zt()[b][n] == vocabulary) {
        losses[b] += row(logits, r, batch.x()[b][n], batch.time(b), batch.length());
      }
    }
    return losses;
  }

  private static NDArray longs(NDManager scope, int[]... rows) {
    return scope.create(rows).toType(DataType.INT64, false);
  }

  private double row(float[] logits, int r, int x, double t, int length) {
    double mass = 0;
    for (int v = 0; v < w.length; v++) {
      mass += Math.exp(logits[r * w.length + v]);
    }
    double loss = 0;
    for (int v = 0; v < w.length; v++) {
      double mu = Math.exp(logits[r * w.length + v]) / mass;
      double bracket = (v == x ? Math.log(mu) + 1 : 0) - mu;
      loss -= w[v] / t * bracket;
      put(v, -0.5 / t * bracket, length);
    }
    return loss;
  }

  private double logSlope(QueryBatch batch, int b, int n) {
    double t = batch.time(b);
    double masked = KEPT * Math.pow(t, w[batch.x()[b][n]]);
    boolean isMasked = batch.zt()[b][n] == w.length;
    return isMasked ? Math.log(t) : -masked * Math.log(t) / (1 - masked);
  }

  /** {@code -(1 - epsilon) t1^w_x (w_x ln t1 - ln sum t1^w_v)}, by the product rule. */
  private void reconstruct(int x, int length) {
    double sum = 0;
    for (double each : w) {
      sum += Math.pow(FLOOR, each);
    }
    double own = KEPT * Math.pow(FLOOR, w[x]);
    double log = w[x] * Math.log(FLOOR) - Math.log(sum);
    put(x, -own * Math.log(FLOOR) * log - own * Math.log(FLOOR), length);
    for (int v = 0; v < w.length; v++) {
      put(v, own * Math.pow(FLOOR, w[v]) / sum * Math.log(FLOOR), length);
    }
  }

  private void put(int token, double nats, int length) {
    double slope = 1 / (1 + Math.exp(-raw[token]));
    gradient[token] += nats * slope / (examples * length * Math.log(2));
  }

  double[] clippedByNorm(double bound) {
    double square = 0;
    for (double each : gradient) {
      square += each * each;
    }
    double[] clipped = gradient.clone();
    double factor = Math.min(1, bound / Math.sqrt(square));
    for (int v = 0; v < clipped.length; v++) {
      clipped[v] *= factor;
    }
    return clipped;
  }
}
