// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import java.util.Arrays;
import java.util.List;

/**
 * The times, classes and vectors told to a network; it ignores those that it has no input for.
 * Arrays are not copied, and not to be changed.
 *
 * @param times times in [0, 1], one for each example, [B]
 * @param labels class ids, one for each example, or empty where there are no classes
 * @param vectors what is added to the embedded tokens, one for each example, or empty where there
 *     are tokens alone
 */
public record Condition(double[] times, int[] labels, List<NoisyVectors> vectors) {

  /**
   * Checks that there is one of everything an example.
   *
   * @param times times in [0, 1], one for each example, [B]
   * @param labels class ids, one for each example, or empty where there are no classes
   * @param vectors what is added to the embedded tokens, one for each example, or empty where there
   *     are tokens alone
   * @throws IllegalArgumentException if there are labels or vectors, but not B
   */
  public Condition {
    boolean fits = labels.length == 0 || labels.length == times.length;
    if (!fits || !(vectors.isEmpty() || vectors.size() == times.length)) {
      throw new IllegalArgumentException(
          "there must be a label and vectors for each of %d times, or none: %d, %d"
              .formatted(times.length, labels.length, vectors.size()));
    }
  }

  /** The label of an example without a class. */
  public static final int NO_LABEL = -1;

  /**
   * The condition of examples of tokens alone.
   *
   * @param times times in [0, 1], one for each example, [B]
   * @param labels class ids, one for each example, or empty where there are no classes
   * @throws IllegalArgumentException if there are labels, but not B
   */
  public Condition(double[] times, int[] labels) {
    this(times, labels, List.of());
  }

  /**
   * {@return the same condition with vectors, unless none has any}
   *
   * @param each what is added to the embedded tokens, one for each example
   * @throws IllegalArgumentException if some are not empty, and they are not B
   */
  public Condition with(List<NoisyVectors> each) {
    boolean isEmpty = each.stream().allMatch(NoisyVectors::isEmpty);
    return isEmpty ? this : new Condition(times, labels, List.copyOf(each));
  }

  /**
   * {@return the condition of examples that have a time each}
   *
   * @param times times in [0, 1], one for each example
   * @param labels one for each example, all of them {@link #NO_LABEL} where there are no classes
   * @throws IllegalArgumentException if some have a class and some have none, or there are not as
   *     many labels as times
   */
  public static Condition of(double[] times, int[] labels) {
    long without = Arrays.stream(labels).filter(label -> label == NO_LABEL).count();
    if (without != 0 && without != labels.length) {
      throw new IllegalArgumentException(
          "all examples must have a class or none: %d of %d have none"
              .formatted(without, labels.length));
    }
    return new Condition(times, without == 0 ? labels : new int[0]);
  }

  /** Returns that of the first examples. */
  Condition first(int examples) {
    return new Condition(
        Arrays.copyOf(times, examples),
        Arrays.copyOf(labels, Math.min(labels.length, examples)),
        vectors.subList(0, Math.min(vectors.size(), examples)));
  }

  /**
   * {@return the condition of examples that have a time each and no class}
   *
   * @param times times in [0, 1], one for each example
   */
  public static Condition at(double... times) {
    return new Condition(times, new int[0]);
  }

  /**
   * {@return the condition of {@code batchSize} examples at one time}
   *
   * @param time a time, in [0, 1]
   * @param batchSize the number of examples, at least 1
   */
  public static Condition at(double time, int batchSize) {
    double[] times = new double[batchSize];
    Arrays.fill(times, time);
    return at(times);
  }
}
