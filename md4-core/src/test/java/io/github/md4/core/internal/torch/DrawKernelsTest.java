// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DrawKernelsTest {
  private static final int ROWS = 1009;
  private static final int VOCABULARY = 7;
  private static final float NEVER = Float.NEGATIVE_INFINITY;
  private static final double LARGEST = Math.nextDown(1.0);
  private static final Noise NOISE = new Noise(23);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  @Test
  @Tag("naive")
  void draw_isInversionInALoop() {
    float[] logits = logits(3);
    double[] u = NOISE.uniforms(Purpose.SAMPLE, 0, 0, ROWS);
    long[] drawn = draw(logits, u);
    for (int r = 0; r < ROWS; r++) {
      assertThat(drawn[r]).isEqualTo(inverse(mu(logits, r), u[r]));
    }
  }

  @Test
  @Tag("exact")
  void draw_neverTakesWhatIsMinusInfinity() {
    float[] logits = logits(3);
    for (int r = 0; r < ROWS; r++) {
      for (int v = 0; v < VOCABULARY; v++) {
        // All but one token in every row at least: r mod 7.
        if (v != r % VOCABULARY && (r * 31 + v * 17) % 3 != 0) {
          logits[r * VOCABULARY + v] = NEVER;
        }
      }
    }
    for (double u : new double[] {0, Double.MIN_VALUE, 0x1p-53, 0.5, LARGEST}) {
      double[] same = new double[ROWS];
      Arrays.fill(same, u);
      long[] drawn = draw(logits, same);
      for (int r = 0; r < ROWS; r++) {
        assertThat(logits[r * VOCABULARY + (int) drawn[r]]).as("u %s", u).isNotEqualTo(NEVER);
      }
    }
  }

  @Test
  @Tag("exact")
  void draw_atTheEndsOfTheIntervalTakesFirstAndLastToken() {
    float[] logits = logits(3);
    assertThat(draw(logits, new double[ROWS])).containsOnly(0);
    double[] u = new double[ROWS];
    Arrays.fill(u, LARGEST);
    assertThat(draw(logits, u)).containsOnly(VOCABULARY - 1);
  }

  /** A float32 cumulative sum would stop at 1 - 6e-8, before the rare tokens. */
  @Test
  @Tag("exact")
  void draw_findsTokensThatFloat32WouldLose() {
    float rare = (float) Math.log(1e-12);
    float[] logits = {0, rare, rare};
    try (NDArray one = manager.create(logits, new Shape(1, 3))) {
      // The second token has [1 - 2e-12, 1 - 1e-12), the third the rest.
      assertThat(drawn(one, 1 - 1.5e-12)).containsExactly(1);
      assertThat(drawn(one, 1 - 0.5e-12)).containsExactly(2);
    }
  }

  @Test
  @Tag("naive")
  void draw_ofTheLikeliestTakesTheLargest() {
    float[] logits = logits(3);
    double[] u = new double[ROWS];
    Arrays.fill(u, DrawKernels.LIKELIEST);
    long[] tokens = draw(logits, u);
    for (int r = 0; r < ROWS; r++) {
      for (int v = 0; v < VOCABULARY; v++) {
        assertThat(logits[r * VOCABULARY + (int) tokens[r]])
            .isGreaterThanOrEqualTo(logits[r * VOCABULARY + v]);
      }
    }
  }

  /** Tokens of one law, probabilities and scores of another. */
  @ParameterizedTest
  @EnumSource(Confidence.class)
  @Tag("naive")
  void drawFrom_saysWhatTheNetworkThinksOfItsTokens(Confidence score) {
    float[] logits = logits(3);
    float[] law = logits(1);
    double[] u = NOISE.uniforms(Purpose.SAMPLE, 0, 0, ROWS);
    NDArray both = kernels.drawFrom(manager, matrix(logits), matrix(law), manager.create(u), score);
    assertThat(both.getShape()).isEqualTo(new Shape(3, ROWS));
    double[] answers = both.toDoubleArray();
    assertThat(tokens(both)).isEqualTo(draw(law, u));
    for (int r = 0; r < ROWS; r++) {
      double[] mu = mu(logits, r);
      double probability = mu[(int) answers[r]];
      // A softmax of as few terms in float64.
      assertThat(answers[ROWS + r]).isCloseTo(probability, within(1e-14));
      assertThat(answers[2 * ROWS + r]).isCloseTo(value(score, mu, probability), within(1e-14));
    }
  }

  private static double value(Confidence score, double[] mu, double probability) {
    double[] rising = mu.clone();
    Arrays.sort(rising);
    return switch (score) {
      case PROBABILITY -> probability;
      case MARGIN -> rising[VOCABULARY - 1] - rising[VOCABULARY - 2];
      case NEGATIVE_ENTROPY -> Arrays.stream(mu).map(p -> p * Math.log(p)).sum();
    };
  }

  @Test
  @Tag("exact")
  void draw_isDrawFromOfOneLaw() {
    NDArray logits = matrix(logits(3));
    NDArray u = manager.create(NOISE.uniforms(Purpose.SAMPLE, 0, 0, ROWS));
    for (Confidence score : Confidence.values()) {
      assertThat(kernels.draw(manager, logits, u, score).toDoubleArray())
          .isEqualTo(kernels.drawFrom(manager, logits, logits, u, score).toDoubleArray());
    }
  }

  /** A token that a law excludes has no part in the entropy. */
  @Test
  @Tag("exact")
  void entropy_ofASureLawIsZero() {
    NDArray sure = manager.create(new float[] {0, NEVER, NEVER}, new Shape(1, 3));
    double[] answers =
        kernels
            .draw(manager, sure, manager.create(new double[] {0.5}), Confidence.NEGATIVE_ENTROPY)
            .toDoubleArray();
    assertThat(answers).containsExactly(0, 1, 0);
  }

  @Test
  @Tag("exact")
  void unpack_takesApartWhatWasPacked() {
    double[] packed = {1, 2, 3, 4, 5, 7, 0, 4, 0.25, 0.5, -1, 1e-17};
    DrawKernels.Unpacked parts = kernels.unpack(manager, manager.create(packed), 2, 3, 2);
    assertThat(parts.zt().getShape()).isEqualTo(new Shape(2, 3));
    assertThat(parts.zt().toLongArray()).containsExactly(1, 2, 3, 4, 5, 7);
    assertThat(parts.rows().toLongArray()).containsExactly(0, 4);
    assertThat(parts.noise().getShape()).isEqualTo(new Shape(2, 2));
    assertThat(parts.noise().toDoubleArray()).containsExactly(0.25, 0.5, -1, 1e-17);
  }

  @Test
  @Tag("exact")
  void temper_divides() {
    NDArray x = manager.create(new float[] {1, 3, NEVER}, new Shape(1, 3));
    assertThat(kernels.temper(manager, x, 0.5).toFloatArray()).containsExactly(-4, 0, NEVER);
    assertThatIllegalArgumentException().isThrownBy(() -> kernels.temper(manager, x, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> kernels.temper(manager, x, Double.NaN));
  }

  /** The smallest set of the likeliest whose mass is at least p. */
  @Test
  @Tag("naive")
  void topP_isThePlainLoop() {
    float[] logits = logits(3);
    for (double p : new double[] {0.1, 0.5, 0.9, 1}) {
      float[] kept = kernels.topP(manager, matrix(logits), p).toFloatArray();
      for (int r = 0; r < ROWS; r++) {
        double[] mu = mu(logits, r);
        for (int v = 0; v < VOCABULARY; v++) {
          double likelier = 0;
          for (double other : mu) {
            likelier += other > mu[v] ? other : 0;
          }
          int i = r * VOCABULARY + v;
          assertThat(kept[i]).isEqualTo(likelier < p ? logits[i] : NEVER);
        }
      }
    }
  }

  /** The mass of the first rounds to 1 in float64, and what follows is still possible. */
  @Test
  @Tag("exact")
  void topP_ofOneKeepsAllOfALongTail() {
    float[] logits = new float[50_257];
    Arrays.fill(logits, 50_000, logits.length, -60);
    NDArray row = manager.create(logits, new Shape(1, logits.length));
    for (double p : new double[] {1, 1.5, Double.POSITIVE_INFINITY}) {
      assertThat(kernels.topP(manager, row, p).toFloatArray()).isEqualTo(logits);
    }
    logits[7] = NEVER;
    NDArray without = manager.create(logits, new Shape(1, logits.length));
    assertThat(kernels.topP(manager, without, 1).toFloatArray()).isEqualTo(logits);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.5, Double.NEGATIVE_INFINITY, Double.NaN})
  void topP_rejectsAMassThatIsNotPositive(double p) {
    NDArray x = manager.create(new float[] {1, 2}, new Shape(1, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.topP(manager, x, p))
        .withMessage("p must be positive: %s", p);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void topK_rejectsLessThanOne(int k) {
    NDArray x = manager.create(new float[] {1, 2}, new Shape(1, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernels.topK(manager, x, k))
        .withMessage("k must be at least 1: %d", k);
  }

  @Test
  @Tag("exact")
  void truncations_keepAllThatTie() {
    NDArray x = manager.create(new float[] {1, 2, 0, 1, 1}, new Shape(1, 5));
    float[] expected = {1, 2, NEVER, 1, 1};
    assertThat(kernels.topK(manager, x, 2).toFloatArray()).containsExactly(expected);
    // The likeliest has 0.4, each of those that tie 0.16.
    assertThat(kernels.topP(manager, x, 0.5).toFloatArray()).containsExactly(expected);
    assertThat(kernels.topK(manager, x, 99).toFloatArray()).containsExactly(1, 2, 0, 1, 1);
  }

  private long[] draw(float[] logits, double[] u) {
    return drawn(matrix(logits), u);
  }

  private long[] drawn(NDArray logits, double... u) {
    return tokens(kernels.draw(manager, logits, manager.create(u), Confidence.PROBABILITY));
  }

  private static long[] tokens(NDArray answers) {
    int rows = (int) answers.getShape().get(1);
    return Arrays.stream(answers.toDoubleArray(), 0, rows)
        .mapToLong(token -> (long) token)
        .toArray();
  }

  private NDArray matrix(float[] logits) {
    return manager.create(logits, new Shape(ROWS, VOCABULARY));
  }

  private static float[] logits(double spread) {
    double[] u = NOISE.uniforms(Purpose.SOURCE, 0, 0, ROWS * VOCABULARY);
    float[] logits = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      logits[i] = (float) (spread * (2 * u[i] - 1));
    }
    return logits;
  }

  private static double[] mu(float[] logits, int row) {
    double[] mu = new double[VOCABULARY];
    double sum = 0;
    for (int v = 0; v < VOCABULARY; v++) {
      mu[v] = Math.exp(logits[row * VOCABULARY + v]);
      sum += mu[v];
    }
    for (int v = 0; v < VOCABULARY; v++) {
      mu[v] /= sum;
    }
    return mu;
  }

  private static int inverse(double[] mu, double u) {
    double cdf = 0;
    for (int v = 0; v < mu.length; v++) {
      cdf += mu[v];
      if (u < cdf) {
        return v;
      }
    }
    return mu.length - 1;
  }
}
