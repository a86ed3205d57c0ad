// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The tokens of a {@link GenMd4Schedule} in the order of their powers; those of one power are
 * equal.
 */
public final class PowerOrder {
  private final double[] powers; // in ascending order, each once
  private final int[] tokens; // one of each power
  private final int[] ranks; // [V]

  PowerOrder(double[] ofTokens) {
    this.powers = Arrays.stream(ofTokens).sorted().distinct().toArray();
    this.ranks = Arrays.stream(ofTokens).mapToInt(w -> Arrays.binarySearch(powers, w)).toArray();
    this.tokens = new int[powers.length];
    IntStream.range(0, ranks.length).forEach(v -> tokens[ranks[v]] = v);
  }

  /** {@return the place of each token's power among the powers, 0 of the least, [V]; not copied} */
  public int[] ranks() {
    return ranks;
  }

  /** {@return the number of powers} */
  public int count() {
    return powers.length;
  }

  /**
   * {@return a token of a power}
   *
   * @param rank the place of the power, in [0, {@link #count})
   */
  public int token(int rank) {
    return tokens[rank];
  }

  /**
   * {@return the rank of the least power that is at least {@code power}; {@link #count} where none
   * is}
   *
   * @param power any number; NaN is above all powers
   */
  public int from(double power) {
    int place = Arrays.binarySearch(powers, power);
    return place < 0 ? -1 - place : place;
  }
}
