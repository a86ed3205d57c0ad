// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.ChiSquare;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The reference's draw by float32 Gumbel noise, against a loop and against its law. */
final class ReferenceDrawTest {
  private static final int ROWS = 1009;
  private static final int VOCABULARY = 7;
  private static final float SMALLEST = Float.MIN_NORMAL;
  private static final Noise NOISE = new Noise(29);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** Java's own SplittableRandom has the same streams as the kernel. */
  @Test
  @Tag("naive")
  void reference_isTheLargestOfLogProbabilityAndNoise() {
    float[] logits = new float[ROWS * VOCABULARY];
    double[] p = NOISE.uniforms(Purpose.SOURCE, 1, 0, ROWS);
    double[] u = NOISE.uniforms(Purpose.SOURCE, 2, 0, logits.length);
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (6 * u[i] - 3);
    }
    double[] drawn = draw(logits, p);
    int differing = 0;
    for (int r = 0; r < ROWS; r++) {
      double[] noisy =
          noisy(Arrays.copyOfRange(logits, r * VOCABULARY, (r + 1) * VOCABULARY), p[r], key(r));
      int expected = 0;
      for (int v = 1; v <= VOCABULARY; v++) {
        expected = noisy[v] > noisy[expected] ? v : expected;
      }
      differing += drawn[r] == expected ? 0 : 1;
    }
    // The loop's logarithms are double, so a near tie can fall the other way.
    assertThat(differing).isLessThanOrEqualTo(1);
    assertThat(Arrays.stream(drawn, 0, ROWS).distinct().count()).isEqualTo(VOCABULARY + 1L);
  }

  private static double[] noisy(float[] logits, double p, long key) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    SplittableRandom stream = new SplittableRandom(key);
    double[] noisy = new double[logits.length + 1];
    for (int v = 0; v < noisy.length; v++) {
      float probability = (float) (v < logits.length ? p * Math.exp(logits[v]) / sum : 1 - p);
      float u = Math.max((stream.nextLong() >>> 41) * 0x1p-23f, SMALLEST);
      noisy[v] = Math.log(probability) - Math.log(-Math.log(u));
    }
    return noisy;
  }

  @Test
  @Tag("statistical")
  void reference_followsTheLawOfLikelyOutcomes() {
    int draws = 100_003;
    double p = 0.3;
    float[] row = {0, 1, 2, -1, 0, 0.5f, -3};
    float[] logits = new float[draws * VOCABULARY];
    double[] law = new double[VOCABULARY + 1];
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit);
    }
    for (int v = 0; v < VOCABULARY; v++) {
      law[v] = p * Math.exp(row[v]) / sum;
    }
    law[VOCABULARY] = 1 - p;
    for (int r = 0; r < draws; r++) {
      System.arraycopy(row, 0, logits, r * VOCABULARY, VOCABULARY);
    }
    double[] same = new double[draws];
    Arrays.fill(same, p);
    long[] counts = new long[VOCABULARY + 1];
    double[] drawn = draw(logits, same);
    for (int r = 0; r < draws; r++) {
      counts[(int) drawn[r]]++;
    }
    ChiSquare test = new ChiSquare(counts, law); // false alarms: ChiSquare.FALSE_ALARM
    assertThat(test.statistic()).isLessThan(test.bound());
  }

  /**
   * Noise lies in [-4.47, 15.94], so 21 nats are never made up, where the exact draw finds them.
   */
  @Test
  @Tag("exact")
  void reference_neverDrawsWhatIsTooRare() {
    float[] logits = new float[ROWS * 2];
    for (int r = 0; r < ROWS; r++) {
      logits[2 * r + 1] = -21;
    }
    double[] sure = new double[ROWS];
    Arrays.fill(sure, 1);
    assertThat(Arrays.copyOf(draw(logits, sure), ROWS)).containsOnly(0);
    double rare = Math.exp(-21) / (1 + Math.exp(-21));
    NDArray one = manager.create(new float[] {0, -21}, new Shape(1, 2));
    NDArray u = manager.create(new double[] {1 - rare / 2});
    assertThat(kernels.draw(manager, one, u, Confidence.PROBABILITY).toDoubleArray()[0])
        .isEqualTo(1);
  }

  @Test
  @Tag("exact")
  void reference_ofProbabilityZeroOneAndNone() {
    float[] logits = {0, 1, 3, -1, 0, 0.5f, -3};
    for (double u : new double[] {0, 1, DrawKernels.LIKELIEST}) {
      double[] drawn = draw(logits, new double[] {u});
      if (u == 0) {
        assertThat(drawn[0]).isEqualTo(VOCABULARY);
      } else {
        assertThat(drawn[0]).isLessThan(VOCABULARY);
      }
      if (u < 0) {
        assertThat(drawn[0]).isEqualTo(2);
        assertThat(drawn[1]).isCloseTo(0.7475, within(1e-4)); // e^3 over the sum
      }
    }
  }

  private double[] draw(float[] logits, double[] p) {
    double[] noise = new double[3 * p.length];
    for (int r = 0; r < p.length; r++) {
      noise[r] = (int) (key(r) >> 32);
      noise[p.length + r] = key(r) & 0xFFFFFFFFL;
      noise[2 * p.length + r] = p[r];
    }
    NDArray x = manager.create(logits, new Shape(p.length, logits.length / p.length));
    NDArray columns = manager.create(noise, new Shape(3, p.length));
    return kernels.reference(manager, x, x, columns).toDoubleArray();
  }

  private static long key(int row) {
    return NOISE.bits(Purpose.SAMPLE, 0, row);
  }
}
