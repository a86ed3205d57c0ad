// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.NoisyVectors;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ancestral sampling of Gaussian diffusion where its law is known. False alarms: 1e-6. */
final class GaussianSamplerTest {
  private static final double SIGMAS = 4.9;
  private static final int SAMPLES = 6_007;
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.01);
  private static final Generation GAUSSIAN = new Generation.GaussianNoise(1);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** What a network of one coordinate and two tokens, 1 and -1, answers to a state. */
  private interface Answer {
    /** Returns the logit of the first token, and the guess. */
    double[] of(double z, double scale);
  }

  private static Denoiser denoiser(Answer answer) {
    return (zt, condition, rows) -> {
      int length = (int) zt.getShape().get(1);
      long[] tokens = zt.toLongArray();
      long[] at = rows.toLongArray();
      float[] out = new float[at.length * 4];
      for (int r = 0; r < at.length; r++) {
        NoisyVectors shown = condition.vectors().get((int) at[r] / length);
        long token = tokens[(int) at[r]];
        double e = token == 2 ? 0 : 1 - 2 * token;
        double z = shown.scale() * e + shown.added()[(int) at[r] % length];
        double[] found = answer.of(z, shown.scale());
        out[4 * r] = (float) found[0];
        out[4 * r + 2] = (float) found[1];
      }
      return zt.getManager().create(out, new Shape(at.length, 4));
    };
  }

  private List<Sample> samples(Answer answer, int steps, int... template) {
    GenerativeModel model =
        new GenerativeModel(denoiser(answer), new TokenSpace(2), SCHEDULE, GAUSSIAN);
    SamplingMethod method =
        new ExactMethod.Ancestral(
            new SamplingSteps(new SamplingGrid.Uniform(), steps), Leftovers.DRAWN);
    List<InitialSequence> sequences =
        LongStream.range(0, SAMPLES).mapToObj(i -> new InitialSequence(template, i)).toList();
    return new BorrowedKernels(manager, kernels)
        .sampler(model, method)
        .sample(new SampleRequest(sequences, 83, 5_003, 1));
  }

  private static void checkShare(List<Sample> samples, int position, double p) {
    long count = samples.stream().filter(sample -> sample.tokens()[position] == 0).count();
    assertThat((double) count / samples.size())
        .isCloseTo(p, within(SIGMAS * Math.sqrt(p * (1 - p) / samples.size())));
  }

  /** Returns the mean of a function of a normal variable with this variance. */
  private static double mean(double variance, DoubleUnaryOperator f) {
    double sum = 0;
    double h = 0.001;
    for (double x = -8; x < 8; x += h) {
      sum +=
          h
              * Math.exp(-x * x / 2)
              / Math.sqrt(2 * Math.PI)
              * f.applyAsDouble(x * Math.sqrt(variance));
    }
    return sum;
  }

  /** Under a linear guess all states are normal, with a variance that a recursion gives. */
  @Test
  @Tag("statistical")
  void linearGuess_leavesNormalStates() {
    double slope = 0.6;
    int steps = 5;
    double variance = 1;
    for (int i = 0; i < steps; i++) {
      double alphaT = SCHEDULE.alpha(1 - i / 5.0);
      double alphaS = SCHEDULE.alpha(1 - (i + 1) / 5.0);
      double a = alphaT / alphaS;
      double factor =
          Math.sqrt(a) * (1 - alphaS) / (1 - alphaT)
              + slope * Math.sqrt(alphaS) * (1 - a) / (1 - alphaT);
      variance = factor * factor * variance + (1 - alphaS) * (1 - a) / (1 - alphaT);
    }
    double p = mean(variance, z -> 1 / (1 + Math.exp(-(2 * z - 1.5))));
    List<Sample> samples =
        samples((z, scale) -> new double[] {2 * z - 1.5, slope * z}, steps, 2, 2);
    checkShare(samples, 0, p);
    checkShare(samples, 1, p);
    double both = samples.stream().filter(s -> s.tokens()[0] == 0 && s.tokens()[1] == 0).count();
    assertThat(both / SAMPLES)
        .isCloseTo(p * p, within(SIGMAS * Math.sqrt(p * p * (1 - p * p) / SAMPLES)));
    assertThat(samples.get(0).calls()).isEqualTo(steps + 1);
  }

  /** With the exact posterior of P(1) = 0.8 and many steps the samples follow the law. */
  @Test
  @Tag("statistical")
  void exactPosterior_withManySteps_followsTheLaw() {
    Answer posterior =
        (z, scale) -> {
          double logit = 2 * scale / (1 - scale * scale) * z + Math.log(0.8 / 0.2);
          return new double[] {logit, Math.tanh(logit / 2)};
        };
    checkShare(samples(posterior, 50, 2), 0, 0.8);
  }

  @Test
  void givenTokens_stay_andAreShownWithNoise() {
    double[] most = new double[1];
    Answer answer =
        (z, scale) -> {
          most[0] = Math.max(most[0], Math.abs(z));
          return new double[] {0, 0};
        };
    for (Sample sample : samples(answer, 3, 1, 2, 0)) {
      assertThat(sample.tokens()[0]).isEqualTo(1);
      assertThat(sample.tokens()[2]).isZero();
      assertThat(sample.filled()).containsExactly(1);
    }
    assertThat(most[0]).isGreaterThan(2);
  }

  @Test
  void otherSamplers_areRefusedInOneLine() {
    SamplingMethod euler = SamplingMethod.parse("euler(8, uniform, drawn)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> euler.under(SCHEDULE, GAUSSIAN))
        .withMessage(
            "where the noise is Gaussian, sampler must be ancestral, with the exact draw: euler,"
                + " exact");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ExactMethod.LeftToRight().under(SCHEDULE, GAUSSIAN))
        .withMessageContaining("autoregressive");
  }
}
