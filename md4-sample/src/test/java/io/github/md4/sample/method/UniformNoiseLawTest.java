// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.GenerativeModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws of samplers of models of uniform noise, against enumerations of all outcomes. */
@Tag("statistical")
final class UniformNoiseLawTest {
  private static final ContextDenoiser DENOISER = new ContextDenoiser(3);
  private static final MaskingSchedule SCHEDULE = SqueezedSchedule.LINEAR.schedule();
  private static final SamplingSteps STEPS = new SamplingSteps(new SamplingGrid.Uniform(), 4);
  private static final int[] MASKS = {3, 3, 3};
  private static final int[] TEMPLATE = {3, 1, 3};

  private final DrawnSamples samples = DrawnSamples.open();

  @AfterEach
  void close() {
    samples.close();
  }

  private static GenerativeModel uniform() {
    return new GenerativeModel(
        DENOISER, new TokenSpace(3), SCHEDULE, new Generation.UniformNoise());
  }

  private static double[] decoded(double[] law, int... template) {
    double other = SCHEDULE.oneMinusAlpha(0) / 3;
    return StepwiseLaw.after(
        law,
        9,
        (z, n, step) -> {
          double[] p = {other, other, other, 0};
          p[z[n]] += SCHEDULE.alpha(0);
          return template[n] == 3 ? p : StepwiseLaw.stays(z[n]);
        });
  }

  /** q(y | z_s) times the sum over clean tokens of q(z_s | x0) mu(x0). */
  private static double[] stepBack(int[] z, int n, double s, double t) {
    double a = SCHEDULE.alpha(t) / SCHEDULE.alpha(s);
    double[] mu = DENOISER.mu(z, n, t);
    double[] p = new double[4];
    double sum = 0;
    for (int j = 0; j < 3; j++) {
      for (int x0 = 0; x0 < 3; x0++) {
        double clean = (j == x0 ? SCHEDULE.alpha(s) : 0) + SCHEDULE.oneMinusAlpha(s) / 3;
        p[j] += mu[x0] * clean * ((j == z[n] ? a : 0) + (1 - a) / 3);
      }
      sum += p[j];
    }
    for (int j = 0; j < 3; j++) {
      p[j] /= sum;
    }
    return p;
  }

  @Test
  void ancestralSteps_followTheLawOfUniformNoise() {
    for (int[] template : new int[][] {MASKS, TEMPLATE}) {
      double[] law = StepwiseLaw.uniform(template);
      for (int i = 0; i < 4; i++) {
        double t = STEPS.time(i);
        double s = STEPS.time(i + 1);
        law =
            StepwiseLaw.after(
                law,
                i,
                (z, n, step) -> template[n] == 3 ? stepBack(z, n, s, t) : StepwiseLaw.stays(z[n]));
      }
      SamplingMethod drawn = new ExactMethod.Ancestral(STEPS, Leftovers.DRAWN);
      samples.check(decoded(law, template), uniform(), drawn, template);
      samples.check(law, uniform(), new ExactMethod.Ancestral(STEPS), template);
    }
  }

  /** One leap by the rates at t, with those of the noise added where it corrects. */
  private static double[] leap(int[] z, int n, double t, double length, double forward) {
    double c = SCHEDULE.oneMinusAlpha(t) / 3;
    double alpha = SCHEDULE.alpha(t);
    double beta = -SCHEDULE.alphaPrime(t) / alpha;
    double[] mu = DENOISER.mu(z, n, t);
    double[] rates = new double[4];
    double sum = 0;
    for (int j = 0; j < 3; j++) {
      for (int x0 = 0; x0 < 3 && j != z[n]; x0++) {
        double ratio = ((x0 == j ? alpha : 0) + c) / ((x0 == z[n] ? alpha : 0) + c);
        rates[j] += beta / 3 * length * mu[x0] * (ratio + forward);
      }
      sum += rates[j];
    }
    double changes = 1 - Math.exp(-sum);
    for (int j = 0; j < 3; j++) {
      rates[j] *= changes / sum;
    }
    rates[z[n]] = 1 - changes;
    return rates;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void leaps_followTheLawOfUniformNoise(int correctors) {
    for (int[] template : new int[][] {MASKS, TEMPLATE}) {
      double[] law = StepwiseLaw.uniform(template);
      for (int i = 0; i < 4; i++) {
        double t = STEPS.time(i);
        double s = STEPS.time(i + 1);
        law = leapt(law, template, t, t - s, 0);
        for (int c = 0; c < correctors && i < 3; c++) {
          law = leapt(law, template, s, t - s, 1);
        }
      }
      SamplingMethod method = new ApproximateMethod.TauLeaping(STEPS, correctors, Leftovers.DRAWN);
      samples.check(decoded(law, template), uniform(), method, template);
    }
  }

  private static double[] leapt(
      double[] law, int[] template, double t, double length, double forward) {
    return StepwiseLaw.after(
        law,
        0,
        (z, n, step) ->
            template[n] == 3 ? leap(z, n, t, length, forward) : StepwiseLaw.stays(z[n]));
  }
}
