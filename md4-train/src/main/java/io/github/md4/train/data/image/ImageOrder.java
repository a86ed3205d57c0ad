// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.train.data.Permutation;
import java.util.function.IntUnaryOperator;

/** The order of images before they are split. */
public sealed interface ImageOrder {

  /** Returns the map from an index in this order to an index in the source. */
  IntUnaryOperator of(int count);

  /** The order of the source. */
  record AsGiven() implements ImageOrder {
    @Override
    public IntUnaryOperator of(int count) {
      return i -> i;
    }
  }

  /** A shuffle drawn from a seed. */
  record Shuffled(long seed) implements ImageOrder {
    @Override
    public IntUnaryOperator of(int count) {
      Permutation shuffle = Permutation.of(count, seed, 0);
      return i -> (int) shuffle.apply(i);
    }
  }
}
