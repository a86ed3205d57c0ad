// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** The numbers of positions of a trajectory's queries, one for each call of the network. */
@FunctionalInterface
interface QueryRows extends Function<PartialSequence, int[]> {

  /** Returns those of so many queries of so many positions each; none where there are none. */
  static int[] equal(int calls, int positions) {
    int[] rows = new int[positions == 0 ? 0 : calls];
    Arrays.fill(rows, positions);
    return rows;
  }

  /** Returns those of a trajectory whose every draw is {@code token}; carries it out. */
  static int[] simulated(Trajectory trajectory, int token) {
    return simulated(trajectory, token, each -> each.query().positions().length);
  }

  /**
   * Returns those of a trajectory whose every draw is {@code token}; carries it out.
   *
   * @param positions the number of positions of the next query
   */
  static <T extends Trajectory> int[] simulated(
      T trajectory, int token, ToIntFunction<T> positions) {
    int most = trajectory.z().length;
    double[] drawn = new double[3 * most];
    Arrays.fill(drawn, 0, most, token);
    Draws draws = new Draws(drawn, most, 0);
    IntStream.Builder rows = IntStream.builder();
    while (!trajectory.isDone()) {
      rows.add(positions.applyAsInt(trajectory));
      trajectory.advance(draws, (point, position, one, probability) -> {});
    }
    return rows.build().toArray();
  }
}
