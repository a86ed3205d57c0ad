// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import io.github.md4.sample.trajectory.InitialSequence;
import java.util.List;
import java.util.stream.IntStream;

/** The initial sequences of samples with classes. */
public final class Labelled {
  private Labelled() {}

  /**
   * Returns {@code count} initial sequences, numbered from 0. Those of a class stand together, and
   * the sizes of the classes differ by one at most.
   *
   * @param zt the tokens that every sample starts from
   * @param labels the classes; empty without classes
   */
  public static List<InitialSequence> starts(int[] zt, int count, List<Integer> labels) {
    return IntStream.range(0, count).mapToObj(i -> start(zt, i, count, labels)).toList();
  }

  /** Returns one of the sequences of {@link #starts}, by its index. */
  public static InitialSequence start(int[] zt, long index, int count, List<Integer> labels) {
    return new InitialSequence(zt, index, of(index, count, labels));
  }

  private static int of(long i, int count, List<Integer> labels) {
    return labels.isEmpty()
        ? InitialSequence.NO_LABEL
        : labels.get(Math.toIntExact(i * labels.size() / count));
  }
}
