// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import io.github.md4.sample.InitialSequence;
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
    return IntStream.range(0, count)
        .mapToObj(i -> new InitialSequence(zt, i, of(i, count, labels)))
        .toList();
  }

  private static int of(int i, int count, List<Integer> labels) {
    return labels.isEmpty()
        ? InitialSequence.NO_LABEL
        : labels.get(Math.toIntExact((long) i * labels.size() / count));
  }
}
