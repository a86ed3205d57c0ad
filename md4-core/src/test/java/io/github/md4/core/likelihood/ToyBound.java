// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TinyLaw;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.stream.IntStream;

/**
 * Cross-entropies of a network on all sequences of a tiny law under all masks, and what follows.
 */
record ToyBound(NDManager manager, Denoiser denoiser, TinyLaw law) {
  private static final int NODES = 40; // of Simpson's rule

  /** A network that listens to the time: the later, the surer it is of what the law says. */
  record Timed(TinyLaw law) implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      NDArray logits = law.logits(zt, condition, rows);
      long[] row = rows.toLongArray();
      float[] sureness = new float[row.length];
      for (int r = 0; r < row.length; r++) {
        sureness[r] = (float) (0.3 + condition.times()[(int) row[r] / law.length()]);
      }
      return logits.mul(zt.getManager().create(sureness).expandDims(1));
    }
  }

  /** Returns the sum over the mask's positions, in nats, of each sequence [x][mask]. */
  double[][] crossEntropies(double time) {
    int masks = 1 << law.length();
    double[][] sums = new double[law.sequences().length][masks];
    for (int i = 0; i < sums.length; i++) {
      for (int mask = 1; mask < masks; mask++) {
        sums[i][mask] = crossEntropy(law.sequences()[i], mask, time);
      }
    }
    return sums;
  }

  private double crossEntropy(int[] x, int mask, double time) {
    int[] positions = IntStream.range(0, x.length).filter(n -> (mask >> n & 1) == 1).toArray();
    try (NDManager scope = manager.newSubManager()) {
      long[] zt = IntStream.of(x).asLongStream().toArray();
      long[] targets = IntStream.of(positions).mapToLong(n -> x[n]).toArray();
      for (int n : positions) {
        zt[n] = law.space().maskToken();
      }
      NDArray rows = scope.create(IntStream.of(positions).asLongStream().toArray());
      NDArray logits = denoiser.logits(scope.create(zt).expandDims(0), Condition.at(time), rows);
      return new RowLoss.CrossEntropy().of(logits, scope.create(targets)).sum().getFloat();
    }
  }

  /** Returns the any-order bound of each sequence, in nats, by enumeration and Simpson's rule. */
  double[] anyOrder(MaskingSchedule schedule) {
    int length = law.length();
    double[] bound = new double[law.sequences().length];
    for (int node = 0; node <= NODES; node++) {
      double b = (double) node / NODES;
      double simpson = (node == 0 || node == NODES ? 1 : node % 2 == 1 ? 4 : 2) / (3.0 * NODES);
      double[][] nats = crossEntropies(schedule.timeWhenMasked(b));
      for (int i = 0; i < bound.length; i++) {
        for (int mask = 1; mask < 1 << length; mask++) {
          int k = Integer.bitCount(mask);
          // One of C(n, k) masks, n / k / n for the weight and the law of k, and Beta's density.
          bound[i] += simpson * beta(b, k, length) / choose(length, k) / k * nats[i][mask];
        }
      }
    }
    return bound;
  }

  private static double beta(double b, int k, int n) {
    return k * choose(n, k) * Math.pow(b, k - 1.0) * Math.pow(1 - b, (double) n - k);
  }

  private static double choose(int n, int k) {
    double value = 1;
    for (int i = 0; i < k; i++) {
      value = value * (n - i) / (i + 1);
    }
    return value;
  }

  /** Returns the mean under the law. */
  double mean(double[] ofSequence) {
    return IntStream.range(0, ofSequence.length)
        .mapToDouble(i -> law.probabilities()[i] * ofSequence[i])
        .sum();
  }

  /**
   * Returns {@code -log p(x)} of the process that reveals each masked position at {@code steps}
   * times independently: the recursion over all masks.
   */
  double[] negativeLogLikelihood(MaskingSchedule schedule, int steps) {
    double[] nats = new double[law.sequences().length];
    for (int i = 0; i < nats.length; i++) {
      double[] reached = new double[1 << law.length()];
      reached[reached.length - 1] = 1;
      for (int step = steps; step > 0; step--) {
        reached = revealed(i, reached, schedule, (double) step / steps, 1.0 / steps);
      }
      nats[i] = -Math.log(reached[0]);
    }
    return nats;
  }

  private double[] revealed(
      int i, double[] from, MaskingSchedule schedule, double t, double stepLength) {
    double reveal = schedule.unmaskProbability(Math.max(0, t - stepLength), t);
    double[] to = new double[from.length];
    for (int mask = 0; mask < from.length; mask++) {
      double[] p = new double[law.length()];
      for (int n = 0; n < p.length; n++) {
        int[] x = law.sequences()[i];
        p[n] = (mask >> n & 1) == 1 ? guess(x, mask, n, t) : 0;
      }
      for (int rest = mask; ; rest = (rest - 1) & mask) {
        double way = from[mask];
        for (int n = 0; n < p.length; n++) {
          if ((mask >> n & 1) == 1) {
            way *= (rest >> n & 1) == 1 ? 1 - reveal : reveal * p[n];
          }
        }
        to[rest] += way;
        if (rest == 0) {
          break;
        }
      }
    }
    return to;
  }

  private double guess(int[] x, int mask, int position, double t) {
    try (NDManager scope = manager.newSubManager()) {
      long[] zt = IntStream.of(x).asLongStream().toArray();
      for (int n = 0; n < zt.length; n++) {
        zt[n] = (mask >> n & 1) == 1 ? law.space().maskToken() : zt[n];
      }
      NDArray rows = scope.create(new long[] {position});
      NDArray logits = denoiser.logits(scope.create(zt).expandDims(0), Condition.at(t), rows);
      return Math.exp(
          -new RowLoss.CrossEntropy()
              .of(logits, scope.create(new long[] {x[position]}))
              .getFloat());
    }
  }
}
