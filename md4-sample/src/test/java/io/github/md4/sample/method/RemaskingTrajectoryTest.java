// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.TinySampling;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class RemaskingTrajectoryTest {
  private static final int LENGTH = 9;
  private static final int TOKENS = 5;
  private static final int COUNT = 200;
  private static final long SEED = 43;
  private static final TokenSpace SPACE = new TokenSpace(TOKENS);
  private static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear(), 0.03);
  private static final SamplingSteps STEPS = new SamplingSteps(new SamplingGrid.Uniform(), 23);
  private static final ContextDenoiser DENOISER = new ContextDenoiser(TOKENS);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  static List<Remasking> remaskings() {
    return List.of(new Remasking.Cap(0.2), new Remasking.Rescale(0.6), new Remasking.Confidence(1));
  }

  /** Step by step, with a call at every step, from the same noise. */
  @ParameterizedTest
  @MethodSource("remaskings")
  @Tag("naive")
  void samples_areThoseOfAPlainLoop(Remasking remasking) {
    GenerativeModel model = new GenerativeModel(DENOISER, SPACE, SCHEDULE);
    SamplingMethod method = new ApproximateMethod.Remasked(STEPS, remasking, Leftovers.ARGMAX);
    int[] masks = new int[1];
    SamplingListener counting =
        new SamplingListener() {
          @Override
          public void called(int done, int planned) {}

          @Override
          public void changed(TokenEvent event) {
            masks[0] += event.token() == TOKENS ? 1 : 0;
          }
        };
    List<Sample> samples =
        new BorrowedKernels(manager, kernels)
            .sampler(model, method)
            .sample(TinySampling.ofMasks(SPACE, COUNT, LENGTH).withSeed(SEED), counting);
    for (Sample sample : samples) {
      assertThat(sample.tokens()).isEqualTo(plain(remasking, sample.index()));
      assertThat(sample.calls()).isLessThanOrEqualTo(STEPS.steps() + 1);
    }
    assertThat(masks[0]).as("how often a token was masked again").isGreaterThan(COUNT);
  }

  private static int[] plain(Remasking remasking, long index) {
    int[] z = new int[LENGTH];
    Arrays.fill(z, TOKENS);
    double[] confidences = new double[LENGTH];
    Arrays.fill(confidences, Double.POSITIVE_INFINITY);
    for (int step = 0; step < STEPS.steps(); step++) {
      double t = STEPS.time(step);
      double alphaT = SCHEDULE.alpha(t);
      double alphaS = SCHEDULE.alpha(STEPS.time(step + 1));
      int[] zt = z.clone();
      double[] psi = confidences.clone();
      for (int n = 0; n < LENGTH; n++) {
        double sigma = sigma(remasking, alphaS, alphaT, psi, n);
        double u = new Noise(SEED).uniform(Purpose.REMASK, step, index, n);
        if (zt[n] != TOKENS) {
          if (u < sigma) {
            z[n] = TOKENS;
            confidences[n] = Double.POSITIVE_INFINITY;
          }
        } else if (u < (alphaS - (1 - sigma) * alphaT) / (1 - alphaT)) {
          double[] mu = DENOISER.mu(zt, n, t);
          z[n] = drawn(mu, new Noise(SEED).uniform(Purpose.SAMPLE, step, index, n));
          confidences[n] = mu[z[n]];
        }
      }
    }
    int[] last = z.clone();
    for (int n = 0; n < LENGTH; n++) {
      z[n] = last[n] == TOKENS ? DENOISER.mostLikely(last, n, 0) : last[n];
    }
    return z;
  }

  /** The formulas of the paper, written again. */
  private static double sigma(
      Remasking remasking, double alphaS, double alphaT, double[] psi, int position) {
    double largest = Math.min(1, (1 - alphaS) / alphaT);
    if (remasking instanceof Remasking.Cap cap) {
      return Math.min(cap.eta(), largest);
    }
    if (remasking instanceof Remasking.Rescale rescale) {
      return rescale.eta() * largest;
    }
    double sum = Arrays.stream(psi).map(p -> Math.exp(-p)).sum();
    return sum == 0 ? 0 : largest * Math.exp(-psi[position]) / sum;
  }

  private static int drawn(double[] mu, double u) {
    int token = 0;
    double cdf = mu[0];
    while (u >= cdf && token < mu.length - 1) {
      cdf += mu[++token];
    }
    return token;
  }

  /** Cap and rescale keep the share of masks at every time; the marginals are those of MD4. */
  @Test
  @Tag("exact")
  void sigma_keepsTheShareOfMasks() {
    for (Remasking remasking : remaskings().subList(0, 2)) {
      for (int step = 0; step < STEPS.steps(); step++) {
        double alphaT = SCHEDULE.alpha(STEPS.time(step));
        double alphaS = SCHEDULE.alpha(STEPS.time(step + 1));
        double sigma = sigma(remasking, alphaS, alphaT, new double[LENGTH], 0);
        double reveal = (alphaS - (1 - sigma) * alphaT) / (1 - alphaT);
        assertThat(reveal).isBetween(0.0, 1.0 + 1e-15);
        assertThat(alphaT * (1 - sigma) + (1 - alphaT) * reveal).isCloseTo(alphaS, within(1e-15));
      }
    }
  }

  @Test
  @Tag("exact")
  void confidence_sharesTheWholeAmongTheTokens() {
    double infinite = Double.POSITIVE_INFINITY;
    double[] sigma =
        new Remasking.Confidence(0.5).sigma(0.8, new double[] {0.9, infinite, 0.1, 0.1});
    assertThat(Arrays.stream(sigma).sum()).isCloseTo(0.4, within(1e-15));
    assertThat(sigma[1]).isZero();
    assertThat(sigma[2]).isEqualTo(sigma[3]).isCloseTo(sigma[0] * Math.exp(0.8), within(1e-15));
    assertThat(new Remasking.Confidence(1).sigma(1, new double[] {infinite, infinite}))
        .containsOnly(0);
  }
}
