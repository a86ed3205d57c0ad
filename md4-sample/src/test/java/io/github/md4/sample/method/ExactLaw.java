// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.trajectory.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The law of plain ancestral sampling of three positions and three tokens, by summing over all that
 * can happen at each step; what is left over is filled or drawn.
 */
record ExactLaw(
    KnownLaw known, MaskingSchedule schedule, SamplingSteps steps, Leftovers leftovers) {
  static final int TOKENS = 3;
  static final int STATES = 64;
  private static final int LENGTH = 3;

  /** The standard normal's quantile at 1 - 1e-6. */
  private static final double QUANTILE = 4.7534;

  /** Returns the law that begins at a template, after {@code first} of the steps. */
  ExactLaw from(int[] template, int first) {
    return new ExactLaw(new Started(known, template, first), schedule, steps, leftovers);
  }

  /** A law with the template and the step at which it begins. */
  private record Started(KnownLaw known, int[] template, int first) implements KnownLaw {
    @Override
    public double[] mu(int[] zt, int position, double t) {
      return known.mu(zt, position, t);
    }
  }

  void check(long[] counts) {
    check(law(null), counts);
  }

  /** Returns the law with remasking. */
  double[] remasked(Remasking remasking) {
    return law(remasking);
  }

  private double[] law(Remasking remasking) {
    if (known instanceof Started started) {
      return law(state(started.template), started.first, remasking);
    }
    return law(STATES - 1, 0, remasking);
  }

  private double[] law(int begin, int first, Remasking remasking) {
    double[] law = new double[STATES];
    law[begin] = 1;
    for (int step = first; step < steps.steps(); step++) {
      double[] next = new double[STATES];
      for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
          next[to] += law[from] * transition(step, tokens(from), tokens(to), remasking);
        }
      }
      law = next;
    }
    double[] filled = new double[STATES];
    for (int from = 0; from < STATES; from++) {
      for (int to = 0; to < STATES; to++) {
        filled[to] += law[from] * filling(tokens(from), tokens(to));
      }
    }
    return filled;
  }

  private double transition(int step, int[] zt, int[] zs, Remasking remasking) {
    double t = steps.time(step);
    double alphaT = schedule.alpha(t);
    double alphaS = schedule.alpha(steps.time(step + 1));
    double sigma =
        remasking == null
            ? 0
            : remasking.sigma(Math.min(1, (1 - alphaS) / alphaT), new double[LENGTH])[0];
    double revealed = (alphaS - (1 - sigma) * alphaT) / (1 - alphaT);
    double probability = 1;
    for (int n = 0; n < LENGTH; n++) {
      if (zt[n] != TOKENS) {
        probability *= zs[n] == zt[n] ? 1 - sigma : zs[n] == TOKENS ? sigma : 0;
      } else if (zs[n] == TOKENS) {
        probability *= 1 - revealed;
      } else {
        probability *= revealed * known.mu(zt, n, t)[zs[n]];
      }
    }
    return probability;
  }

  private double filling(int[] z, int[] x) {
    double probability = 1;
    for (int n = 0; n < LENGTH; n++) {
      if (z[n] != TOKENS) {
        probability *= x[n] == z[n] ? 1 : 0;
      } else {
        double[] mu = known.mu(z, n, 0);
        double largest = Arrays.stream(mu).max().orElseThrow();
        boolean isDrawn = leftovers == Leftovers.DRAWN;
        probability *= x[n] == TOKENS ? 0 : isDrawn ? mu[x[n]] : mu[x[n]] == largest ? 1 : 0;
      }
    }
    return probability;
  }

  static int state(int[] z) {
    return (z[0] * 4 + z[1]) * 4 + z[2];
  }

  static int[] tokens(int state) {
    return new int[] {state / 16, state / 4 % 4, state % 4};
  }

  static long[] counts(List<Sample> samples) {
    long[] counts = new long[STATES];
    samples.forEach(sample -> counts[state(sample.tokens())]++);
    return counts;
  }

  static void check(double[] law, long[] counts) {
    for (int state = 0; state < STATES; state++) {
      if (law[state] == 0) {
        assertThat(counts[state]).isZero();
      }
    }
    assertThat(statistic(law, counts)).isLessThan(bound(law, counts));
  }

  /** States that are expected too rarely for the chi-square law count as one. */
  static double statistic(double[] law, long[] counts) {
    double total = Arrays.stream(counts).sum();
    double statistic = 0;
    double rare = 0;
    double rareCount = 0;
    for (int state = 0; state < STATES; state++) {
      if (isRare(law, state, total)) {
        rare += total * law[state];
        rareCount += counts[state];
      } else {
        statistic += Math.pow(counts[state] - total * law[state], 2) / (total * law[state]);
      }
    }
    assertThat(rareCount).isLessThan(rare + 8 + 6 * Math.sqrt(rare + 8));
    return statistic;
  }

  private static boolean isRare(double[] law, int state, double total) {
    return total * law[state] < 8;
  }

  /** Returns the bound that a chi-square exceeds with probability 1e-6 (Wilson and Hilferty). */
  static double bound(double[] law, long[] counts) {
    double total = Arrays.stream(counts).sum();
    long states = IntStream.range(0, STATES).filter(s -> !isRare(law, s, total)).count();
    double degrees = Math.max(1, states - 1);
    double spread = 2.0 / (9 * degrees);
    return degrees * Math.pow(1 - spread + QUANTILE * Math.sqrt(spread), 3);
  }
}
