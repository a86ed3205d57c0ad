// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import io.github.md4.core.InvalidConfigException;

/**
 * One process's share of what all of them do: every size-th item from its rank on.
 *
 * <p>The times of a batch rise with its examples. Every size-th example gives each process small
 * and large times alike, so that none of them has more masks than the others.
 *
 * @param rank the process's number, in [0, size)
 * @param size the number of processes, at least 1
 */
public record Share(int rank, int size) {
  private static final Share ALL = new Share(0, 1);

  /**
   * Checks rank and size.
   *
   * @param rank the process's number, in [0, size)
   * @param size the number of processes, at least 1
   * @throws IllegalArgumentException if {@code rank} is not in [0, size)
   */
  public Share {
    if (size < 1 || rank < 0 || rank >= size) {
      throw new IllegalArgumentException("no share: %d of %d".formatted(rank, size));
    }
  }

  /** {@return the share of one that has all} */
  public static Share all() {
    return ALL;
  }

  /**
   * {@return the index among all items of an item of this share}
   *
   * @param local the index in this share, from 0, such that the result fits an int
   */
  public int global(int local) {
    return local * size + rank;
  }

  /**
   * {@return how many of a batch's examples belong to a share}
   *
   * @param batchSize the number of examples of a batch over all processes, at least 1
   * @throws InvalidConfigException if they cannot be shared equally
   */
  public int of(int batchSize) {
    if (batchSize % size != 0) {
      throw new InvalidConfigException(
          "training.batchSize",
          "must be a multiple of the number of processes (%d): %d".formatted(size, batchSize));
    }
    return batchSize / size;
  }

  /**
   * {@return how many of a share's examples are on its device at once}
   *
   * @param batchSize the number of examples of a batch over all processes, at least 1
   * @param microBatch the examples on a device at once as configured, at least 1; a share that is
   *     smaller takes all of its examples
   * @throws InvalidConfigException if that does not divide the share, or the batch cannot be shared
   *     equally
   */
  public int microBatch(int batchSize, int microBatch) {
    int own = of(batchSize);
    int part = Math.min(own, microBatch);
    if (own % part != 0) {
      throw new InvalidConfigException(
          "training.microBatch",
          "must divide the %d examples that each of %d processes takes of a batch: %d"
              .formatted(own, size, microBatch));
    }
    return part;
  }
}
