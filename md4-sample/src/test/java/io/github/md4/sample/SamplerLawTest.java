// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The samples' law, of three positions and three tokens, against two that know nothing of the
 * sampler: the enumeration of all that can happen, and a plain loop.
 */
@Tag("statistical")
final class AncestralSamplerLawTest {
  private static final int LENGTH = 3;
  private static final int TOKENS = 3;
  private static final int STATES = 64;
  private static final int SAMPLES = 60_013;
  private static final ContextDenoiser DENOISER = new ContextDenoiser(TOKENS);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** A schedule and the steps through it. */
  private record Walk(MaskingSchedule schedule, SamplingSteps steps) {
    double revealed(int step) {
      double alphaT = schedule.alpha(steps.time(step));
      return (schedule.alpha(steps.time(step + 1)) - alphaT) / (1 - alphaT);
    }
  }

  /** Both grids, one step, and an epsilon that leaves a fifth of all positions to be filled. */
  static List<Walk> walks() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    SamplingGrid cosine = new SamplingGrid.Cosine();
    SamplingGrid uniform = new SamplingGrid.Uniform();
    return List.of(
        new Walk(linear, new SamplingSteps(cosine, 3)),
        new Walk(new MaskingSchedule(new Curve.Cosine()), new SamplingSteps(uniform, 4)),
        new Walk(new MaskingSchedule(new Curve.Linear(), 0.2), new SamplingSteps(uniform, 2)),
        new Walk(linear, new SamplingSteps(cosine, 1)));
  }

  @ParameterizedTest
  @MethodSource("walks")
  void samples_followTheEnumeratedLaw(Walk walk) {
    double[] law = law(walk);
    long[] counts = counts(walk);
    double statistic = 0;
    int degrees = -1;
    for (int state = 0; state < STATES; state++) {
      double expected = SAMPLES * law[state];
      if (expected == 0) {
        assertThat(counts[state]).isZero();
      } else {
        assertThat(expected).as("enough for the chi-square law").isGreaterThan(8);
        statistic += (counts[state] - expected) * (counts[state] - expected) / expected;
        degrees++;
      }
    }
    assertThat(degrees).isEqualTo(26);
    assertThat(statistic).isLessThan(bound(degrees));
  }

  @ParameterizedTest
  @MethodSource("walks")
  void samples_haveTheLawOfAPlainLoop(Walk walk) {
    long[] counts = counts(walk);
    long[] plain = new long[STATES];
    Random random = new Random(73);
    for (int i = 0; i < SAMPLES; i++) {
      plain[state(plainSample(walk, random))]++;
    }
    double statistic = 0;
    int degrees = -1;
    for (int state = 0; state < STATES; state++) {
      double both = counts[state] + plain[state];
      if (both > 0) {
        statistic += (counts[state] - plain[state]) * (counts[state] - plain[state]) / both;
        degrees++;
      }
    }
    assertThat(statistic).isLessThan(bound(degrees));
  }

  /** What a chi-square exceeds with probability 1e-6, by Wilson and Hilferty. */
  private static double bound(int degrees) {
    double spread = 2.0 / (9 * degrees);
    return degrees * Math.pow(1 - spread + 4.7534 * Math.sqrt(spread), 3);
  }

  private long[] counts(Walk walk) {
    ReverseProcess process = new ReverseProcess(new TokenSpace(TOKENS), walk.schedule, kernels);
    AncestralSampler sampler = new AncestralSampler(manager, DENOISER, process, walk.steps);
    long[] counts = new long[STATES];
    for (int[] sample : sampler.sample(new SampleRequest(SAMPLES, LENGTH, 79, 10_007, 0))) {
      counts[state(sample)]++;
    }
    return counts;
  }

  /** Each step draws one of V + 1 outcomes at every masked position; what is left is filled. */
  private static int[] plainSample(Walk walk, Random random) {
    int[] z = new int[LENGTH];
    Arrays.fill(z, TOKENS);
    for (int step = 0; step < walk.steps.steps(); step++) {
      int[] zt = z.clone();
      for (int n = 0; n < LENGTH; n++) {
        if (zt[n] == TOKENS) {
          double[] mu = DENOISER.mu(zt, n, walk.steps.time(step));
          double left = random.nextDouble() / walk.revealed(step);
          int outcome = 0;
          while (outcome < TOKENS && left >= mu[outcome]) {
            left -= mu[outcome++];
          }
          z[n] = outcome;
        }
      }
    }
    int[] last = z.clone();
    for (int n = 0; n < LENGTH; n++) {
      z[n] = last[n] == TOKENS ? DENOISER.mostLikely(last, n, 0) : last[n];
    }
    return z;
  }

  private static double[] law(Walk walk) {
    double[] law = new double[STATES];
    law[STATES - 1] = 1;
    for (int step = 0; step < walk.steps.steps(); step++) {
      double[] next = new double[STATES];
      for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
          next[to] += law[from] * transition(walk, step, tokens(from), tokens(to));
        }
      }
      law = next;
    }
    double[] filled = new double[STATES];
    for (int from = 0; from < STATES; from++) {
      int[] zt = tokens(from);
      int[] z = zt.clone();
      for (int n = 0; n < LENGTH; n++) {
        z[n] = zt[n] == TOKENS ? DENOISER.mostLikely(zt, n, 0) : zt[n];
      }
      filled[state(z)] += law[from];
    }
    return filled;
  }

  private static double transition(Walk walk, int step, int[] zt, int[] zs) {
    double probability = 1;
    for (int n = 0; n < LENGTH; n++) {
      if (zt[n] != TOKENS) {
        probability *= zs[n] == zt[n] ? 1 : 0;
      } else if (zs[n] == TOKENS) {
        probability *= 1 - walk.revealed(step);
      } else {
        probability *= walk.revealed(step) * DENOISER.mu(zt, n, walk.steps.time(step))[zs[n]];
      }
    }
    return probability;
  }

  private static int state(int[] z) {
    return (z[0] * 4 + z[1]) * 4 + z[2];
  }

  private static int[] tokens(int state) {
    return new int[] {state / 16, state / 4 % 4, state % 4};
  }
}
