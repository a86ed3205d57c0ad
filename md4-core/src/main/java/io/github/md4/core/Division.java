// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A division of work into parts, of which one is done here. Items are handed over round by round,
 * one for each part, whose place is the same in every round. With an item, the one at its place in
 * the next round may be begun.
 */
public interface Division {

  /** {@return the division of work that is all done here} */
  static Division whole() {
    return new Whole();
  }

  /** {@return the number of parts, at least 1: the largest number of items in a round} */
  int parts();

  /**
   * Computes this part's item of a round.
   *
   * @param items the computation of each part's item, at most {@link #parts}; what they return must
   *     depend on nothing but the item
   * @return what each item gives, in the order of {@code items}; empty where it is not known here
   */
  List<Optional<byte[]>> round(List<Supplier<byte[]>> items);

  /** The division into a single part. */
  record Whole() implements Division {
    @Override
    public int parts() {
      return 1;
    }

    @Override
    public List<Optional<byte[]>> round(List<Supplier<byte[]>> items) {
      return items.stream().map(item -> Optional.of(item.get())).toList();
    }
  }
}
