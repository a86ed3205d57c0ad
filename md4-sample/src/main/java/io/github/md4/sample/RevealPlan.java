// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * When each masked position of a sequence is revealed. The network has no say in it, so all of it
 * is known before the network is asked anything, and the times that reveal nothing are not in it.
 *
 * @param reveals latest time first, each time once
 */
record RevealPlan(List<Reveal> reveals) {

  /** What one answer of the network reveals. */
  record Reveal(GridPoint moment, int[] positions) {}

  /**
   * Returns the plan of the masked positions.
   *
   * @param u what decides of each of them, uniforms [R]
   */
  static RevealPlan of(RevealTimes timeline, int[] holes, double[] u) {
    double[] times = new double[holes.length];
    for (int r = 0; r < times.length; r++) {
      times[r] = timeline.timeOf(u[r]);
    }
    int[] order =
        IntStream.range(0, holes.length)
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
      int[] positions = IntStream.range(begin, end).map(i -> holes[order[i]]).toArray();
      reveals.add(new Reveal(new GridPoint(timeline.step(time, reveals.size()), time), positions));
      begin = end;
    }
    return new RevealPlan(reveals);
  }
}
