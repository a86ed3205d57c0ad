// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import io.github.md4.sample.InitialSequence;
import java.util.List;
import java.util.stream.IntStream;

/** Starts of samples that have a class each. */
public final class Labelled {
  private Labelled() {}

  /**
   * Returns so many starts, with the indices from 0 on, those of a class together, each class with
   * as many as the others, but for one.
   *
   * @param zt what every sample is at its start
   * @param labels the classes, or none
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
