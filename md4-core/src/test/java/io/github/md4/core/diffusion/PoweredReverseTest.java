// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.ChiSquare;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.PowerSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class PoweredReverseTest {
  private static final PowerSchedule SCHEDULE = new PowerSchedule(new double[] {0.5, 1.2, 3}, 1e-4);
  private static final TinyLaw LAW = TinyLaw.random(3, 2);
  private static final int STEPS = 5;

  static List<PoweredReverse> processes() {
    return List.of(new PoweredReverse.EveryStep(SCHEDULE), new PoweredReverse.Thinned(SCHEDULE));
  }

  @Test
  @Tag("exact")
  void processes_areAllThereAre() {
    List<Class<?>> tested = new ArrayList<>();
    processes().forEach(process -> tested.add(process.getClass()));
    assertThat(PoweredReverse.class.getPermittedSubclasses())
        .containsExactlyInAnyOrderElementsOf(tested);
  }

  private static double[] times(SamplingGrid grid) {
    double[] times = new double[STEPS + 1];
    for (int i = 0; i <= STEPS; i++) {
      times[i] = grid.time(i, STEPS);
    }
    return times;
  }

  /** The share of [0, 1) that leads to each step is that of the largest power. */
  @Test
  @Tag("exact")
  void nextOfThinned_hasTheLawOfTheLargestPower() {
    double[] times = times(new SamplingGrid.Cosine());
    PoweredReverse thinned = new PoweredReverse.Thinned(SCHEDULE);
    for (int from = 0; from < STEPS; from++) {
      double passed = 1;
      for (int step = from; step < STEPS; step++) {
        double end = 1 - Math.pow(times[step + 1] / times[from], 3);
        assertThat(thinned.next(times, from, end - 1e-9)).isEqualTo(step);
        assertThat(thinned.next(times, from, 1 - passed + 1e-9)).isEqualTo(step);
        passed = 1 - end;
      }
      assertThat(thinned.next(times, from, 0)).isEqualTo(from);
    }
  }

  @Test
  @Tag("exact")
  void lastStep_keepsEveryToken() {
    for (PoweredReverse process : processes()) {
      for (int token = 0; token < 3; token++) {
        assertThat(process.isKept(token, 0, 0.3, Math.nextDown(1.0))).isTrue();
      }
    }
  }

  /** Drawing and keeping multiply to the step's law. */
  @Test
  @Tag("exact")
  void thinned_keepsWhatTheLargestPowerHasTooMany() {
    PoweredReverse thinned = new PoweredReverse.Thinned(SCHEDULE);
    double drawn = 1 - Math.pow(0.4 / 0.7, 3);
    for (int token = 0; token < 2; token++) {
      double kept = SCHEDULE.unmaskProbability(0.4, 0.7, token) / drawn;
      assertThat(thinned.isKept(token, 0.4, 0.7, kept - 1e-9)).isTrue();
      assertThat(thinned.isKept(token, 0.4, 0.7, kept + 1e-9)).isFalse();
    }
    assertThat(thinned.isKept(2, 0.4, 0.7, Math.nextDown(1.0))).isTrue();
    assertThat(SCHEDULE.largestPower()).isCloseTo(3, within(0.0));
  }

  /** Both against the law of all ways through the steps, which is not the data's. */
  @ParameterizedTest
  @MethodSource("processes")
  @Tag("statistical")
  void samples_haveTheLawOfTheSteps(PoweredReverse process) {
    double[] times = times(new SamplingGrid.Uniform());
    double[] expected = new double[9];
    walk(new int[] {3, 3}, 0, 1, times, expected);
    int draws = 40_000;
    long[] counts = new long[9];
    for (int i = 0; i < draws; i++) {
      int[] z = sample(process, times, i);
      counts[3 * z[0] + z[1]]++;
    }
    // The seeds are fixed; another would fail once in 1e6 runs.
    ChiSquare test = new ChiSquare(counts, expected);
    assertThat(test.statistic()).isLessThan(test.bound());
    // That law is another than the data's, so the test would notice.
    ChiSquare other = new ChiSquare(counts, LAW.probabilities());
    assertThat(other.statistic()).isGreaterThan(2 * other.bound());
  }

  /** Adds the probabilities of all ways from {@code z} at a step to the ends. */
  private static void walk(int[] z, int step, double p, double[] times, double[] into) {
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
          walk(new int[] {a, b}, step + 1, p * both, times, into);
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

  private static int[] sample(PoweredReverse process, double[] times, int index) {
    double[] u = new Noise(79).uniforms(Purpose.SAMPLE, 0, index, 6 * STEPS + 2);
    int used = 0;
    int[] z = {3, 3};
    int[] next = {process.next(times, 0, u[used++]), process.next(times, 0, u[used++])};
    for (int step = 0; step < STEPS; step++) {
      int[] after = z.clone();
      for (int n = 0; n < 2; n++) {
        if (z[n] == 3 && next[n] == step) {
          int token = draw(LAW.mu(z, n), u[used++]);
          if (process.isKept(token, times[step + 1], times[step], u[used++])) {
            after[n] = token;
          } else {
            next[n] = process.next(times, step + 1, u[used++]);
          }
        }
      }
      z = after;
    }
    return z;
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
