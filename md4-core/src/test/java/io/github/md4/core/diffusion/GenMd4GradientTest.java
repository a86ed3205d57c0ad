// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gradient by the powers on two tokens of three symbols: over all sequences and all pairs of
 * masks, so that its expectation is a sum, not a sample.
 */
@Tag("exact")
final class GenMd4GradientTest {
  private static final int V = 3;
  private static final int MASKS = 4;
  private static final TinyLaw LAW = TinyLaw.random(V, 2);

  /** Guesses that are not the law's own, so that losses differ. */
  private static final TinyLaw DENOISER = TinyLaw.of(LAW.space(), 2, reversed());

  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.6, 1.4, 2.2}, 1e-4);
  private static final double NATS = 2 * Math.log(2); // in a bit per token of two

  private static double[] reversed() {
    double[] reversed = new double[LAW.probabilities().length];
    Arrays.setAll(reversed, i -> LAW.probabilities()[reversed.length - 1 - i]);
    return reversed;
  }

  /** The expectation of the estimator is the slope of the exact bound at that time. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.3, 0.7, 0.97})
  void gradient_isThatOfTheExactExpectation(double t) {
    double[] mean = mean(t);
    for (int v = 0; v < V; v++) {
      double h = 1e-5;
      double slope = (bound(moved(v, h), t) - bound(moved(v, -h), t)) / (2 * h);
      // The estimator's losses are float32, and up to 1 / t; differences err by 1e-15 / (h t).
      assertThat(mean[v]).isCloseTo(slope, within(3e-7 / t));
      assertThat(Math.abs(slope)).isGreaterThan(1e-3);
    }
  }

  private static double[] mean(double t) {
    double[] mean = new double[V];
    for (int i = 0; i < LAW.sequences().length; i++) {
      int[] x = LAW.sequences()[i];
      GenMd4Gradient.Loss[] losses = losses(x, t);
      for (int a = 0; a < MASKS; a++) {
        for (int b = 0; b < MASKS; b++) {
          double p = LAW.probabilities()[i] * q(SCHEDULE, x, a, t) * q(SCHEDULE, x, b, t);
          double[] gradient = gradient(losses[a], losses[b]);
          for (int v = 0; v < V; v++) {
            mean[v] += p * gradient[v];
          }
        }
      }
    }
    return mean;
  }

  private static GenMd4Objective elbo() {
    return new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE);
  }

  private static double[] gradient(GenMd4Gradient.Loss first, GenMd4Gradient.Loss second) {
    GenMd4Gradient step = new GenMd4Gradient(SCHEDULE, 1);
    step.add(first, second);
    return Arrays.stream(step.byPower()).map(bits -> NATS * bits).toArray();
  }

  /** What the kernel finds of a sequence under each mask. */
  private static GenMd4Gradient.Loss[] losses(int[] x, double t) {
    GenMd4Gradient.Loss[] losses = new GenMd4Gradient.Loss[MASKS];
    try (NDManager manager = NDManager.newBaseManager();
        LossKernels kernels = new LossKernels(manager)) {
      float[] powers = {0.6f, 1.4f, 2.2f};
      for (int mask = 0; mask < MASKS; mask++) {
        QueryBatch batch = batch(x, mask, t);
        float[] weights = batch.rowWeights(2);
        NDArray zt = manager.create(new int[][] {batch.zt()[0]}).toType(DataType.INT64, false);
        NDArray rows = manager.create(batch.rows()).toType(DataType.INT64, false);
        NDArray logits = DENOISER.logits(zt, batch.condition(), rows);
        try (GenMd4Loss loss =
            new RecordedLogits(kernels, Upload.of(manager), logits)
                .genMd4(manager, batch.targets(), weights, powers)) {
          losses[mask] =
              new GenMd4Gradient.Loss(
                  batch, loss.ofRows().toFloatArray(), loss.byPower().toFloatArray());
        }
      }
    }
    return losses;
  }

  private static QueryBatch batch(int[] x, int mask, double t) {
    double v = (t - GenMd4Schedule.TIME_FLOOR) / (1 - GenMd4Schedule.TIME_FLOOR);
    return Queries.of(elbo(), new int[][] {x}, new int[][] {zt(x, mask)}, v);
  }

  private static int[] zt(int[] x, int mask) {
    int[] zt = x.clone();
    for (int n = 0; n < 2; n++) {
      zt[n] = isMasked(mask, n) ? LAW.space().maskToken() : x[n];
    }
    return zt;
  }

  private static boolean isMasked(int mask, int n) {
    return (mask >> n & 1) == 1;
  }

  private static double q(GenMd4Schedule schedule, int[] x, int mask, double t) {
    double q = 1;
    for (int n = 0; n < 2; n++) {
      double alpha = 1 - (1 - schedule.epsilon()) * Math.pow(t, schedule.power(x[n]));
      q *= isMasked(mask, n) ? 1 - alpha : alpha;
    }
    return q;
  }

  /** The bound's expectation at a time, nats per example, in plain loops over all masks. */
  private static double bound(GenMd4Schedule schedule, double t) {
    double sum = 0;
    for (int i = 0; i < LAW.sequences().length; i++) {
      int[] x = LAW.sequences()[i];
      for (int mask = 0; mask < MASKS; mask++) {
        double p = LAW.probabilities()[i] * q(schedule, x, mask, t);
        sum += p * diffusion(schedule, x, mask, t);
      }
      double total = 0;
      for (int v = 0; v < V; v++) {
        total += Math.pow(1e-3, schedule.power(v));
      }
      for (int token : x) {
        double own = Math.pow(1e-3, schedule.power(token));
        sum -= LAW.probabilities()[i] * (1 - schedule.epsilon()) * own * Math.log(own / total);
      }
    }
    return sum;
  }

  private static double diffusion(GenMd4Schedule schedule, int[] x, int mask, double t) {
    double sum = 0;
    for (int n = 0; n < 2; n++) {
      if (isMasked(mask, n)) {
        double[] mu = DENOISER.mu(zt(x, mask), n);
        sum -= schedule.power(x[n]) * (Math.log(mu[x[n]]) + 1);
        for (int v = 0; v < V; v++) {
          sum += schedule.power(v) * mu[v];
        }
      }
    }
    return sum / t;
  }

  private static GenMd4Schedule moved(int token, double by) {
    double[] powers = SCHEDULE.powers();
    powers[token] += by;
    return new GenMd4Schedule(powers, SCHEDULE.epsilon());
  }
}
