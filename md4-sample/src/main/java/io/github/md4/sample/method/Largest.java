// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

/**
 * A choice of the largest of some numbers without sorting them all (Hoare's selection). Numbers are
 * ordered as by {@link Double#compare} of their negatives, so NaN is the least; of equal ones the
 * first are chosen.
 */
final class Largest {
  private Largest() {}

  /**
   * Returns the indices of the largest numbers, in ascending order.
   *
   * @param count how many are chosen, at least 0; all if there are no more
   */
  static int[] of(double[] values, int count) {
    int[] chosen = new int[Math.min(count, values.length)];
    if (chosen.length == 0) {
      return chosen;
    }
    long[] keys = new long[values.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = key(-values[i]);
    }
    long last = select(keys.clone(), chosen.length - 1);
    int equal = chosen.length;
    for (long key : keys) {
      equal -= key < last ? 1 : 0;
    }
    int next = 0;
    for (int i = 0; next < chosen.length; i++) {
      if (keys[i] < last || (keys[i] == last && equal-- > 0)) {
        chosen[next++] = i;
      }
    }
    return chosen;
  }

  /** Returns a number whose order is that of {@link Double#compare}. */
  private static long key(double value) {
    long bits = Double.doubleToLongBits(value);
    return bits ^ ((bits >> 63) & Long.MAX_VALUE);
  }

  /** Returns the key that would be at a place if they were sorted; changes their order. */
  private static long select(long[] keys, int place) {
    int low = 0;
    int high = keys.length - 1;
    while (low < high) {
      long pivot = keys[(low + high) >>> 1];
      int left = low;
      int right = high;
      while (left <= right) {
        while (keys[left] < pivot) {
          left++;
        }
        while (keys[right] > pivot) {
          right--;
        }
        if (left <= right) {
          long swapped = keys[left];
          keys[left++] = keys[right];
          keys[right--] = swapped;
        }
      }
      if (place <= right) {
        high = right;
      } else if (place >= left) {
        low = left;
      } else {
        return keys[place];
      }
    }
    return keys[place];
  }
}
