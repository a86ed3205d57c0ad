// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The term that goes through the masks, over all pairs of masks of one sequence. */
@Tag("exact")
final class LeaveOneOutTest {
  private static final int V = 3;
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.6, 1.4, 2.2}, 1e-4);
  private static final int[] X = {0, 2, 1, 1, 0, 1, 2, 0};
  private static final double T = 0.4;

  /** Nats of a masked position: about those of a guess among thirty symbols. */
  private static final double[] NATS = {3.1, 2.2, 3.5, 0.4, 2.8, 3.3, 1.9, 3.0};

  @Test
  void terms_areHalfTheDifferencesProduct() {
    QueryBatch first = batch(0b0110, 4);
    QueryBatch second = batch(0b0011, 4);
    double[] terms =
        new LeaveOneOut(SCHEDULE, first, second).terms(new double[] {5}, new double[] {2});
    double expected = 0.5 * 3 * (logProbability(0b0110, 4) - logProbability(0b0011, 4));
    assertThat(terms[0]).isCloseTo(expected, within(1e-13));
  }

  @Test
  void gradient_isThatOfTheTerms() {
    QueryBatch first = batch(0b0110, 4);
    QueryBatch second = batch(0b0011, 4);
    double[] l1 = {5};
    double[] l2 = {2};
    double[] gradient = new LeaveOneOut(SCHEDULE, first, second).gradient(l1, l2);
    double h = 1e-6;
    for (int v = 0; v < V; v++) {
      double up = new LeaveOneOut(moved(v, h), first, second).terms(l1, l2)[0];
      double down = new LeaveOneOut(moved(v, -h), first, second).terms(l1, l2)[0];
      assertThat(gradient[v]).isCloseTo((up - down) / (2 * h), within(1e-8));
    }
  }

  /**
   * The other sample as a baseline takes away what all masks' losses have in common. On two tokens
   * that is too little to pay for the baseline's own noise; from a few more on it is most.
   */
  @ParameterizedTest
  @CsvSource({"2, 1, 2", "8, 0, 0.5"})
  void variance_againstPlainReinforceFallsWithTheLength(int length, double above, double below) {
    Sums leaveOneOut = new Sums();
    Sums plain = new Sums();
    for (int a = 0; a < 1 << length; a++) {
      for (int b = 0; b < 1 << length; b++) {
        double p = Math.exp(logProbability(a, length) + logProbability(b, length));
        double[] la = {loss(a, length)};
        double[] lb = {loss(b, length)};
        LeaveOneOut pair = new LeaveOneOut(SCHEDULE, batch(a, length), batch(b, length));
        leaveOneOut.add(p, pair.gradient(la, lb));
        plain.add(p, reinforce(a, la[0], b, lb[0], length));
      }
    }
    for (int v = 0; v < V; v++) {
      // The plain one's slopes are differences with an error of 1e-16 / h, times losses of 50.
      assertThat(leaveOneOut.mean[v]).isCloseTo(plain.mean[v], within(1e-8));
    }
    assertThat(leaveOneOut.variance() / plain.variance()).isBetween(above, below);
  }

  /** Mean [V] and the variances' sum over the powers. */
  private static final class Sums {
    private final double[] mean = new double[V];
    private double square;

    void add(double p, double[] value) {
      for (int v = 0; v < V; v++) {
        mean[v] += p * value[v];
        square += p * value[v] * value[v];
      }
    }

    double variance() {
      double variance = square;
      for (double each : mean) {
        variance -= each * each;
      }
      return variance;
    }
  }

  /** {@code 1/2 (l1 grad ln q1 + l2 grad ln q2)}, by differences. */
  private static double[] reinforce(int a, double la, int b, double lb, int length) {
    double[] gradient = new double[V];
    double h = 1e-6;
    for (int n = 0; n < length; n++) {
      int v = X[n];
      for (int sign : new int[] {1, -1}) {
        GenMd4Schedule moved = moved(v, sign * h);
        double change = la * log(moved, a, n) + lb * log(moved, b, n);
        gradient[v] += sign * 0.5 * change / (2 * h);
      }
    }
    return gradient;
  }

  private static double loss(int mask, int length) {
    double sum = 0;
    for (int n = 0; n < length; n++) {
      sum += isMasked(mask, n) ? NATS[n] / T : 0;
    }
    return sum;
  }

  private static double logProbability(int mask, int length) {
    double sum = 0;
    for (int n = 0; n < length; n++) {
      sum += log(SCHEDULE, mask, n);
    }
    return sum;
  }

  private static double log(GenMd4Schedule schedule, int mask, int n) {
    double masked = (1 - schedule.epsilon()) * Math.pow(T, schedule.power(X[n]));
    return Math.log(isMasked(mask, n) ? masked : 1 - masked);
  }

  private static boolean isMasked(int mask, int n) {
    return (mask >> n & 1) == 1;
  }

  private static QueryBatch batch(int mask, int length) {
    int[] x = Arrays.copyOf(X, length);
    int[] zt = x.clone();
    for (int n = 0; n < length; n++) {
      zt[n] = isMasked(mask, n) ? V : x[n];
    }
    double v = (T - GenMd4Schedule.TIME_FLOOR) / (1 - GenMd4Schedule.TIME_FLOOR);
    GenMd4Objective objective = new GenMd4Objective(SCHEDULE, TimeFloor.REFERENCE);
    return Queries.of(objective, new int[][] {x}, new int[][] {zt}, v);
  }

  private static GenMd4Schedule moved(int token, double by) {
    double[] powers = SCHEDULE.powers();
    powers[token] += by;
    return new GenMd4Schedule(powers, SCHEDULE.epsilon());
  }
}
