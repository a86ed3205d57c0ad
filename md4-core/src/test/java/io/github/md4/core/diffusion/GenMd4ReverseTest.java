// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.ChiSquare;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.StepTimes;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class GenMd4ReverseTest {
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.5, 1.2, 3}, 1e-4);
  private static final TinyLaw LAW = TinyLaw.random(3, 2);
  private static final int STEPS = 5;

  private static double[] times(SamplingGrid grid) {
    double[] times = new double[STEPS + 1];
    for (int i = 0; i <= STEPS; i++) {
      times[i] = grid.time(i, STEPS);
    }
    return times;
  }

  private static GenMd4Reverse onGrid(SamplingGrid grid) {
    return new GenMd4Reverse.OnGrid(SCHEDULE, new StepTimes(2, times(grid)));
  }

  /** The share of [0, 1) that leads to each step is that of the largest power. */
  @Test
  @Tag("exact")
  void nextOnGrid_hasTheLawOfTheLargestPower() {
    double[] times = times(new SamplingGrid.Cosine());
    GenMd4Reverse reverse = onGrid(new SamplingGrid.Cosine());
    for (int from = 0; from < STEPS; from++) {
      double passed = 1;
      for (int step = from; step < STEPS; step++) {
        double end = 1 - Math.pow(times[step + 1] / times[from], 3);
        assertThat(reverse.next(times[from], end - 1e-9)).isEqualTo(times[step]);
        assertThat(reverse.next(times[from], 1 - passed + 1e-9)).isEqualTo(times[step]);
        passed = 1 - end;
      }
      assertThat(reverse.next(times[from], 0)).isEqualTo(times[from]);
      assertThat(reverse.next(times[from], Math.nextDown(1.0))).isEqualTo(times[STEPS - 1]);
      assertThat(reverse.after(times[from])).isEqualTo(times[from + 1]);
      assertThat(reverse.step(times[from], 17)).isEqualTo(2 + from);
    }
    assertThat(reverse.next(0, 0.5)).isZero();
  }

  /** Even where the power is so small that no double is left of a uniform's root. */
  @Test
  @Tag("exact")
  void nextOnGrid_drawsForAllThatIsLeftInTheLastStep() {
    GenMd4Schedule small = new GenMd4Schedule(new double[] {1e-3, 1e-4}, 1e-4);
    GenMd4Reverse reverse =
        new GenMd4Reverse.OnGrid(small, new StepTimes(0, new double[] {1, 0.5, 0}));
    assertThat(reverse.next(1, 0.9)).isEqualTo(0.5);
  }

  @Test
  @Tag("exact")
  void nextInContinuousTime_isTheInverseOfTheMaskedShare() {
    GenMd4Reverse reverse = new GenMd4Reverse.Continuous(SCHEDULE);
    double hit = reverse.next(0.8, 0.3);
    assertThat(Math.pow(hit / 0.8, 3)).isCloseTo(0.7, within(1e-14));
    assertThat(reverse.after(hit)).isEqualTo(hit);
    assertThat(reverse.step(hit, 17)).isEqualTo(17);
    assertThat(reverse.next(0.002, 0.99)).isEqualTo(1e-3);
    assertThat(reverse.next(1e-3, 0.5)).isZero();
  }

  @Test
  @Tag("exact")
  void lastStep_keepsEveryToken() {
    double last = times(new SamplingGrid.Cosine())[STEPS - 1];
    for (int token = 0; token < 3; token++) {
      double u = Math.nextDown(1.0);
      assertThat(onGrid(new SamplingGrid.Cosine()).isKept(token, last, u)).isTrue();
      assertThat(new GenMd4Reverse.Continuous(SCHEDULE).isKept(token, 1e-3, u)).isTrue();
    }
  }

  /** Drawing and keeping multiply to the step's law. */
  @Test
  @Tag("exact")
  void isKept_takesWhatTheLargestPowerHasTooMany() {
    GenMd4Reverse reverse =
        new GenMd4Reverse.OnGrid(SCHEDULE, new StepTimes(0, new double[] {0.7, 0.4, 0}));
    GenMd4Reverse continuous = new GenMd4Reverse.Continuous(SCHEDULE);
    double drawn = 1 - Math.pow(0.4 / 0.7, 3);
    for (int token = 0; token < 2; token++) {
      double kept = SCHEDULE.unmaskProbability(0.4, 0.7, token) / drawn;
      assertThat(reverse.isKept(token, 0.7, kept - 1e-9)).isTrue();
      assertThat(reverse.isKept(token, 0.7, kept + 1e-9)).isFalse();
      double share = SCHEDULE.power(token) / 3;
      assertThat(continuous.isKept(token, 0.7, share - 1e-9)).isTrue();
      assertThat(continuous.isKept(token, 0.7, share + 1e-9)).isFalse();
    }
    assertThat(reverse.isKept(2, 0.7, Math.nextDown(1.0))).isTrue();
    assertThat(continuous.isKept(2, 0.7, Math.nextDown(1.0))).isTrue();
  }

  /** Which tokens are kept is a comparison of ranks, to the bit. */
  @Test
  @Tag("naive")
  void leastKept_isTheLeastRankThatIsKept() {
    Noise noise = new Noise(97);
    for (int size : new int[] {1, 2, 27, 1003}) {
      double[] u = noise.uniforms(Purpose.SOURCE, size, 0, size);
      double[] apart = Arrays.stream(u).map(x -> Math.exp(13 * x - 7)).toArray();
      double[] close = Arrays.stream(u).map(x -> 1 + 0x1p-50 * Math.floor(8 * x)).toArray();
      for (double[] powers : List.of(apart, close)) {
        GenMd4Schedule schedule = new GenMd4Schedule(powers, 1e-4);
        checkRanks(new GenMd4Reverse.Continuous(schedule), new double[] {0.9, 0.1, 1e-3}, size);
        double[] repeated = {0.9, 0.5, 0.5, 0.49999, 1e-9, 0};
        for (double[] times : List.of(times(new SamplingGrid.Cosine()), repeated)) {
          double[] begins = Arrays.copyOf(times, times.length - 1);
          checkRanks(new GenMd4Reverse.OnGrid(schedule, new StepTimes(0, times)), begins, size);
        }
      }
    }
  }

  private static void checkRanks(GenMd4Reverse reverse, double[] times, int size) {
    int[] ranks = reverse.schedule().order().ranks();
    double[] noise = new Noise(size).uniforms(Purpose.KEEP, 0, 0, 20);
    for (double time : times) {
      for (double u : noise) {
        for (double near : new double[] {u, 0, Math.nextDown(1.0), 1e-300}) {
          int least = reverse.leastKept(time, near);
          for (int token = 0; token < size; token++) {
            assertThat(ranks[token] >= least).isEqualTo(reverse.isKept(token, time, near));
          }
        }
      }
    }
  }

  /** A uniform at the very share is not below it. */
  @Test
  @Tag("exact")
  void isKept_isBelowItsShare() {
    GenMd4Schedule powers = new GenMd4Schedule(new double[] {1, 3, 4}, 0);
    assertThat(new GenMd4Reverse.Continuous(powers).isKept(0, 0.7, 0.25)).isFalse();
    GenMd4Schedule two = new GenMd4Schedule(new double[] {1, 3}, 0);
    GenMd4Reverse reverse =
        new GenMd4Reverse.OnGrid(two, new StepTimes(0, new double[] {1, 0.5, 0}));
    double share = 0.5 / 0.875;
    assertThat(share * 0.875).isEqualTo(0.5);
    assertThat(reverse.isKept(0, 1, share)).isFalse();
    assertThat(reverse.isKept(0, 1, Math.nextDown(share))).isTrue();
  }

  /** Against the law of all ways through the steps, each an outcome of V + 1, at each position. */
  @Test
  @Tag("statistical")
  void samplesOnGrid_haveTheLawOfTheSteps() {
    double[] expected = new double[9];
    enumerate(new int[] {3, 3}, 0, 1, times(new SamplingGrid.Uniform()), expected);
    check(expected, counts(onGrid(new SamplingGrid.Uniform()), 2, 9));
  }

  /**
   * A position alone: it is revealed as v at the rate {@code w_v mu_v / t}, so until the floor in
   * these proportions, and at the floor in those of mu.
   */
  @Test
  @Tag("statistical")
  void samplesInContinuousTime_haveTheLawOfTheRates() {
    double[] mu = LAW.mu(new int[] {3, 3}, 0);
    double rate = 0;
    for (int v = 0; v < 3; v++) {
      rate += SCHEDULE.power(v) * mu[v];
    }
    double left = Math.pow(1e-3, rate);
    double[] expected = new double[3];
    for (int v = 0; v < 3; v++) {
      expected[v] = SCHEDULE.power(v) * mu[v] / rate * (1 - left) + mu[v] * left;
    }
    check(expected, counts(new GenMd4Reverse.Continuous(SCHEDULE), 1, 3));
  }

  private static void check(double[] expected, long[] counts) {
    // The seeds are fixed; another would fail once in 1e6 runs.
    ChiSquare test = new ChiSquare(counts, expected);
    assertThat(test.statistic()).isLessThan(test.bound());
    // That law is another than the data's, so the test would notice.
    double[] data = new double[expected.length];
    for (int i = 0; i < 9; i++) {
      data[i * data.length / 9] += LAW.probabilities()[i];
    }
    ChiSquare other = new ChiSquare(counts, data);
    assertThat(other.statistic()).isGreaterThan(2 * other.bound());
  }

  /** Adds the probabilities of all ways from {@code z} at a step to the ends. */
  private static void enumerate(int[] z, int step, double p, double[] times, double[] into) {
    if (step == STEPS) {
      into[3 * z[0] + z[1]] += p;
      return;
    }
    double[][] outcomes = new double[2][];
    for (int n = 0; n < 2; n++) {
      outcomes[n] = outcomes(z, n, times[step + 1], times[step]);
    }
    for (int a = 0; a <= 3; a++) {
      for (int b = 0; b <= 3; b++) {
        double both = outcomes[0][a] * outcomes[1][b];
        if (both > 0) {
          enumerate(new int[] {a, b}, step + 1, p * both, times, into);
        }
      }
    }
  }

  /** The law of a position after a step: of three tokens and the mask. */
  private static double[] outcomes(int[] z, int n, double s, double t) {
    double[] law = new double[4];
    if (z[n] != 3) {
      law[z[n]] = 1;
      return law;
    }
    double[] mu = LAW.mu(z, n);
    law[3] = 1;
    for (int v = 0; v < 3; v++) {
      law[v] = (1 - Math.pow(s / t, SCHEDULE.power(v))) * mu[v];
      law[3] -= law[v];
    }
    law[3] = s == 0 ? 0 : law[3];
    return law;
  }

  /** How often each sequence of the first positions came out. */
  private static long[] counts(GenMd4Reverse reverse, int positions, int outcomes) {
    long[] counts = new long[outcomes];
    for (int i = 0; i < 40_000; i++) {
      int outcome = 0;
      for (int token : sample(reverse, positions, i)) {
        outcome = 3 * outcome + token;
      }
      counts[outcome]++;
    }
    return counts;
  }

  /** All that are due at a time see the same sequence. */
  private static int[] sample(GenMd4Reverse reverse, int positions, int index) {
    double[] u = new Noise(79).uniforms(Purpose.SAMPLE, 0, index, 400);
    int used = 0;
    int[] z = {3, 3};
    double[] due = new double[positions];
    for (int n = 0; n < positions; n++) {
      due[n] = reverse.next(1, u[used++]);
    }
    for (double time = most(due); time > 0; time = most(due)) {
      int[] after = z.clone();
      for (int n = 0; n < positions; n++) {
        if (due[n] == time) {
          int token = draw(LAW.mu(z, n), u[used++]);
          boolean isKept = reverse.isKept(token, time, u[used++]);
          after[n] = isKept ? token : 3;
          due[n] = isKept ? 0 : reverse.next(reverse.after(time), u[used++]);
        }
      }
      z = after;
    }
    return Arrays.copyOf(z, positions);
  }

  private static double most(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  private static int draw(double[] mu, double u) {
    double sum = 0;
    for (int v = 0; v < mu.length - 1; v++) {
      sum += mu[v];
      if (u < sum) {
        return v;
      }
    }
    return mu.length - 1;
  }
}
