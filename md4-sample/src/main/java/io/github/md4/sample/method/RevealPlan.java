// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.GridPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The times at which the masked positions of a sequence are revealed. They do not depend on the
 * network, so all are known before its first call; times that reveal nothing are left out.
 *
 * @param reveals latest time first, each time once
 */
record RevealPlan(List<Reveal> reveals) {

  /** The positions that one call of the network reveals. */
  record Reveal(GridPoint point, int[] positions) {}

  /**
   * Returns the plan of the masked positions.
   *
   * @param masked the masked positions, [R]
   * @param u the uniform that decides on each of them, [R]
   */
  static RevealPlan of(RevealTimes revealTimes, int[] masked, double[] u) {
    double[] times = times(revealTimes, u);
    double[] distinct = ascending(times);
    int[][] positions = positionsAt(distinct, times, masked);
    List<Reveal> reveals = new ArrayList<>();
    for (int k = distinct.length - 1; k >= 0; k--) {
      int step = revealTimes.step(distinct[k], reveals.size());
      reveals.add(new Reveal(new GridPoint(step, distinct[k]), positions[k]));
    }
    return new RevealPlan(reveals);
  }

  private static double[] times(RevealTimes revealTimes, double[] u) {
    double[] times = new double[u.length];
    for (int r = 0; r < times.length; r++) {
      times[r] = revealTimes.timeOf(u[r]) + 0.0; // a search tells -0.0 from 0.0
    }
    return times;
  }

  /**
   * Returns the numbers of positions of the plan's reveals, without the plan.
   *
   * @param u the uniform that decides on each masked position, [R]
   */
  static int[] rows(RevealTimes revealTimes, double[] u) {
    double[] times = times(revealTimes, u);
    Arrays.sort(times);
    int[] rows = new int[times.length];
    int count = 0;
    for (int r = times.length - 1; r >= 0; r--) { // the latest first
      boolean isNew = r == times.length - 1 || times[r] != times[r + 1];
      count += isNew ? 1 : 0;
      rows[count - 1]++;
    }
    return Arrays.copyOf(rows, count);
  }

  /** Returns the different times, the earliest first. */
  private static double[] ascending(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    int count = 0;
    for (double time : sorted) {
      if (count == 0 || time != sorted[count - 1]) {
        sorted[count++] = time;
      }
    }
    return Arrays.copyOf(sorted, count);
  }

  /** Returns the positions of each of the different times, in their order. */
  private static int[][] positionsAt(double[] distinct, double[] times, int[] masked) {
    int[] of = new int[times.length];
    int[] counts = new int[distinct.length];
    for (int r = 0; r < of.length; r++) {
      of[r] = Arrays.binarySearch(distinct, times[r]);
      counts[of[r]]++;
    }
    int[][] positions = new int[distinct.length][];
    for (int r = of.length - 1; r >= 0; r--) {
      int k = of[r];
      if (positions[k] == null) {
        positions[k] = new int[counts[k]];
      }
      positions[k][--counts[k]] = masked[r];
    }
    return positions;
  }
}
