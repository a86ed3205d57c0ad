// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.GridPoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
    double[] times = new double[masked.length];
    for (int r = 0; r < times.length; r++) {
      times[r] = revealTimes.timeOf(u[r]);
    }
    int[] order =
        IntStream.range(0, masked.length)
            .boxed()
            .sorted(Comparator.comparingDouble(r -> -times[r])) // equal times stay in order
            .mapToInt(r -> r)
            .toArray();
    List<Reveal> reveals = new ArrayList<>();
    for (int begin = 0; begin < order.length; ) {
      int end = begin;
      double time = times[order[begin]];
      while (end < order.length && times[order[end]] == time) {
        end++;
      }
      int[] positions = IntStream.range(begin, end).map(i -> masked[order[i]]).toArray();
      reveals.add(
          new Reveal(new GridPoint(revealTimes.step(time, reveals.size()), time), positions));
      begin = end;
    }
    return new RevealPlan(reveals);
  }
}
