// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The inputs of a step; every fifth row takes the likeliest token. */
record DrawnStep(Inputs inputs, int[] rows, double[] u) {
  /** The rows of a step that are compared. */
  private static final int MOST_CHECKED = 40;

  /** Logits of a few units whose bfloat16 products are rounded elsewhere. */
  private static final double ROUNDING = 0.03;

  static DrawnStep random(Case each, int examples, int length, int every) {
    Inputs inputs = Inputs.random(each.config(), examples, length, each.vocabularySize());
    int[] rows = IntStream.range(0, examples * length).filter(row -> row % every == 0).toArray();
    double[] u = new Noise(rows.length).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
    for (int r = 0; r < u.length; r += 5) {
      u[r] = -1;
    }
    return new DrawnStep(inputs, rows, u);
  }

  NDArray logits(NDManager manager, Denoiser way) {
    try (NDManager scope = manager.newSubManager()) {
      long[] asked = Arrays.stream(rows).asLongStream().toArray();
      NDArray logits = way.logits(inputs.zt(scope), inputs.condition(), scope.create(asked));
      logits.attach(manager);
      return logits;
    }
  }

  double[] draw(StepDraws way, Inversion inversion) {
    int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
    return way.draw(zt, inputs.condition(), rows, u, inversion).orElseThrow();
  }

  void check(NDArray logits, double[] drawn, Inversion inversion) {
    check(logits, drawn, inversion, 1);
  }

  /**
   * Checks draws against logits.
   *
   * @param errors how many times the rounding of logits is in theirs
   */
  void check(NDArray logits, double[] drawn, Inversion inversion, double errors) {
    int vocabulary = (int) logits.getShape().get(1);
    boolean isOfTokens = inversion.told() == Inversion.Told.OF_TOKENS;
    double temperature = inversion.temperature();
    double told = isOfTokens && temperature > 0 ? temperature : 1;
    float[] all = logits.toFloatArray();
    int apart = 1 + rows.length / MOST_CHECKED;
    for (int r = 0; r < rows.length; r += apart) {
      float[] own = Arrays.copyOfRange(all, r * vocabulary, (r + 1) * vocabulary);
      int token = (int) drawn[r];
      checkToken(own, token, u[r], temperature, errors);
      double[] mu = softmax(own, told);
      double rounding = 2 * errors * rounding(told);
      double probability = drawn[rows.length + r];
      assertThat(probability).isCloseTo(mu[token], within(rounding * mu[token] + 1e-6));
      double value = drawn[2 * rows.length + r];
      assertThat(value).isCloseTo(confidence(mu, token, inversion.confidence()), within(rounding));
    }
  }

  /** Without a temperature, as where u is negative, the token is one of the likeliest. */
  private static void checkToken(
      float[] logits, int token, double u, double temperature, double errors) {
    double[] mu = softmax(logits, temperature > 0 ? temperature : 1);
    double rounding = errors * rounding(temperature > 0 ? temperature : 1);
    if (u < 0 || temperature == 0) {
      double most = Arrays.stream(mu).max().orElseThrow();
      assertThat(mu[token]).isCloseTo(most, within(rounding * most));
    } else {
      double before = Arrays.stream(mu, 0, token).sum();
      assertThat(u).isBetween(before - rounding, before + mu[token] + rounding);
    }
  }

  /** Returns the relative error of a probability; a low temperature makes it larger. */
  private static double rounding(double temperature) {
    return ROUNDING / Math.min(1, temperature);
  }

  private static double[] softmax(float[] logits, double temperature) {
    double most = IntStream.range(0, logits.length).mapToDouble(v -> logits[v]).max().orElse(0);
    double[] mu = new double[logits.length];
    Arrays.setAll(mu, v -> Math.exp((logits[v] - most) / temperature));
    double sum = Arrays.stream(mu).sum();
    return Arrays.stream(mu).map(e -> e / sum).toArray();
  }

  private static double confidence(double[] mu, int token, Confidence confidence) {
    double[] sorted = Arrays.stream(mu).sorted().toArray();
    return switch (confidence) {
      case PROBABILITY -> mu[token];
      case MARGIN -> sorted[sorted.length - 1] - sorted[sorted.length - 2];
      case NEGATIVE_ENTROPY -> Arrays.stream(mu).map(p -> p > 0 ? p * Math.log(p) : 0).sum();
    };
  }
}
