// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.train.internal.hash.Permutation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** The order of images before they are split. */
public sealed interface ImageOrder {

  /**
   * {@return the map from an index in this order to an index in the source}
   *
   * @param count the number of images, at least 1; the map is of [0, count)
   */
  default IntUnaryOperator of(int count) {
    return i -> i;
  }

  /**
   * {@return the order for images of these classes}
   *
   * @param labels the class of each image, in the order of the source, or one text for all
   */
  default ImageOrder forClasses(List<String> labels) {
    return this;
  }

  /** The order of the source. */
  record AsGiven() implements ImageOrder {
    @Override
    public String toString() {
      return "as given";
    }
  }

  /**
   * A shuffle by a seed: a bijection that is computed, not stored.
   *
   * @param seed any number, from which the shuffle follows
   */
  record Shuffled(long seed) implements ImageOrder {
    @Override
    public IntUnaryOperator of(int count) {
      Permutation shuffle = Permutation.of(count, seed, 0);
      return i -> (int) shuffle.apply(i);
    }

    @Override
    public String toString() {
      return "shuffled with seed " + seed;
    }
  }

  /**
   * The order of the source, but a shuffle where the images stand class by class, as those of
   * folders do: a split by position would put some classes into train only.
   *
   * @param seed any number, from which the shuffle follows
   */
  record MixedClasses(long seed) implements ImageOrder {
    @Override
    public ImageOrder forClasses(List<String> labels) {
      return isByClass(labels) ? new Shuffled(seed) : new AsGiven();
    }

    /** Returns whether neighbours differ in class less than half as often as in a random order. */
    private static boolean isByClass(List<String> labels) {
      Map<String, Integer> counts = new HashMap<>();
      labels.forEach(label -> counts.merge(label, 1, Integer::sum));
      int changes = 0;
      for (int i = 1; i < labels.size(); i++) {
        changes += labels.get(i).equals(labels.get(i - 1)) ? 0 : 1;
      }
      double pairs = (double) labels.size() * labels.size();
      double alike = counts.values().stream().mapToDouble(c -> c * (double) c / pairs).sum();
      return changes < (labels.size() - 1) * (1 - alike) / 2;
    }
  }
}
