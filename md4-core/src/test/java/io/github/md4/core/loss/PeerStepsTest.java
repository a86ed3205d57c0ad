// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The steps of SEDD's samplers as the official code takes them, on its scores. */
@Tag("golden")
final class PeerStepsTest {
  private static final int UNIFORMS = 200;
  private static final double NEAR = 1e-4; // of a boundary: float32 of the reference

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  /** SEDD's log-linear noise: {@code sigma = -log(1 - (1 - epsilon) t)}. */
  private record LogLinear(double epsilon) implements Curve {
    @Override
    public double alpha(double t) {
      return 1 - oneMinusAlpha(t);
    }

    @Override
    public double oneMinusAlpha(double t) {
      return (1 - epsilon) * t;
    }

    @Override
    public double alphaPrime(double t) {
      return -(1 - epsilon);
    }
  }

  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new LogLinear(1e-3), 0);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  @Test
  void noise_isThatOfTheOfficialCode() {
    PeerCase.having("log_score", "t_grid", "sigma_grid", "dsigma_grid")
        .forEach(this::noise_isThatOfTheOfficialCode);
  }

  private void noise_isThatOfTheOfficialCode(PeerCase sedd) {
    double[] times = sedd.numbers("t_grid");
    double[] sigma = sedd.numbers("sigma_grid");
    double[] rate = sedd.numbers("dsigma_grid");
    for (int i = 0; i < times.length; i++) {
      double alpha = SCHEDULE.alpha(times[i]);
      assertThat(-Math.log(alpha)).isCloseTo(sigma[i], within(1e-4 * (1 + sigma[i])));
      assertThat(-SCHEDULE.alphaPrime(times[i]) / alpha)
          .isCloseTo(rate[i], within(1e-4 * (1 + rate[i])));
    }
  }

  @Test
  void eulerAndAnalyticSteps_haveTheOfficialProbabilities() {
    PeerCase.having("log_score", "step_dt", "euler_probs", "analytic_probs")
        .forEach(this::eulerAndAnalyticSteps_haveTheOfficialProbabilities);
  }

  private void eulerAndAnalyticSteps_haveTheOfficialProbabilities(PeerCase sedd) {
    double t = sedd.numbers("t")[0];
    double s = t - sedd.number("step_dt");
    check(sedd, "euler_probs", -SCHEDULE.lossWeight(t) * (t - s));
    check(sedd, "analytic_probs", SCHEDULE.unmaskProbability(s, t));
  }

  /** Compares probabilities, and tokens drawn with uniforms away from their boundaries. */
  private void check(PeerCase sedd, String expected, double share) {
    double[] theirs = sedd.numbers(expected);
    int[] shown = sedd.tokens("xt");
    double[] scores = sedd.numbers("log_score");
    double logR = SCHEDULE.logSnr(sedd.numbers("t")[0]);
    int length = sedd.tokens("x0").length / sedd.numbers("t").length;
    int size = theirs.length / length - 1;
    int rows = 0;
    for (int row = 0; row < length; row++) {
      if (shown[row] == size) {
        float[] f = new float[size];
        double sum = 0;
        for (int v = 0; v < size; v++) {
          f[v] = (float) (scores[row * (size + 1) + v] - logR);
          double ours = share * Math.exp(f[v]);
          sum += ours;
          assertThat(ours)
              .isCloseTo(theirs[row * (size + 1) + v], within(1e-5 * (1 + Math.abs(ours))));
        }
        assertThat(1 - sum)
            .isCloseTo(theirs[row * (size + 1) + size], within(1e-4 * (1 + Math.abs(1 - sum))));
        draws(f, share, theirs, row * (size + 1));
        rows++;
      }
    }
    assertThat(rows).isPositive();
  }

  private void draws(float[] f, double share, double[] law, int first) {
    double total = 0;
    for (int v = 0; v <= f.length; v++) {
      total += Math.max(0, law[first + v]);
    }
    float[] repeated = new float[UNIFORMS * f.length];
    double[] noise = new double[2 * UNIFORMS];
    for (int i = 0; i < UNIFORMS; i++) {
      System.arraycopy(f, 0, repeated, i * f.length, f.length);
      noise[i] = (i + 0.5) / UNIFORMS;
      noise[UNIFORMS + i] = Math.log(share);
    }
    NDArray logits = manager.create(repeated, new Shape(UNIFORMS, f.length));
    NDArray u = manager.create(noise, new Shape(2, UNIFORMS));
    double[] drawn = kernels.scored(manager, logits, logits, u, false, false).toDoubleArray();
    for (int i = 0; i < UNIFORMS; i++) {
      double below = 0;
      int token = 0;
      while (token < f.length && below + Math.max(0, law[first + token]) / total <= noise[i]) {
        below += Math.max(0, law[first + token]) / total;
        token++;
      }
      double above = below + Math.max(0, law[first + token]) / total;
      if (noise[i] - below > NEAR && above - noise[i] > NEAR) {
        assertThat((int) drawn[i]).isEqualTo(token);
      }
    }
  }

  /** The last step: in proportion to the scores. */
  @Test
  void lastStep_isInProportionToTheScores() {
    PeerCase.having("log_score", "denoiser_probs")
        .forEach(this::lastStep_isInProportionToTheScores);
  }

  private void lastStep_isInProportionToTheScores(PeerCase sedd) {
    double[] theirs = sedd.numbers("denoiser_probs");
    int[] shown = sedd.tokens("xt");
    double[] scores = sedd.numbers("log_score");
    int length = sedd.tokens("x0").length / sedd.numbers("t").length;
    int size = theirs.length / length;
    for (int row = 0; row < length; row++) {
      if (shown[row] == size) {
        double ours = 0;
        double official = 0;
        for (int v = 0; v < size; v++) {
          ours += Math.exp(scores[row * (size + 1) + v]);
          official += theirs[row * size + v];
        }
        for (int v = 0; v < size; v++) {
          assertThat(Math.exp(scores[row * (size + 1) + v]) / ours)
              .isCloseTo(theirs[row * size + v] / official, within(1e-5));
        }
      }
    }
  }
}
