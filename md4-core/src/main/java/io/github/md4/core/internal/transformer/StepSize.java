// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The size of a step of sampling.
 *
 * @param views how often the network is shown each example: 1, or 2 where the second time is
 *     without what guides it
 * @param rows the rows of a view
 */
public record StepSize(int examples, int length, int rows, int views) {
  /** Returns the positions of a view. */
  public int positions() {
    return examples * length;
  }

  /** Returns the examples of all views, one view after another. */
  int shownExamples() {
    return views * examples;
  }

  /** Returns the positions of all views. */
  public int shownPositions() {
    return views * positions();
  }

  /** Returns the rows of all views. */
  public int shownRows() {
    return views * rows;
  }

  /**
   * Returns whether steps of this size make those of another one, too: with examples and rows that
   * nobody asks for, at most as many again.
   */
  public boolean serves(StepSize other) {
    return equals(other)
        || (length == other.length
            && views == other.views
            && isAtMostTwice(examples, other.examples)
            && isAtMostTwice(rows, other.rows)
            && rows < positions()
            && other.rows < other.positions());
  }

  private static boolean isAtMostTwice(int one, int other) {
    return one >= other && one <= 2 * other;
  }

  /** Returns the bytes that {@link #write} writes. */
  int bytes(int features) {
    int ints = 2 + shownRows() + shownExamples() + 1;
    return rows * Double.BYTES + ints * Integer.BYTES + shownExamples() * features * Float.BYTES;
  }

  /**
   * Writes the inputs of a step, of which the last position of a view is taken for rows that are
   * missing, and features of zero for missing examples.
   *
   * @param isFirst whether the step takes the host's tokens
   * @param asked flat positions of a view
   * @param shown the features of the examples of each view
   * @param width the number of an example's features
   */
  void write(
      ByteBuffer to, boolean isFirst, int[] asked, double[] u, List<float[]> shown, int width) {
    for (int r = 0; r < rows; r++) {
      to.putDouble(r < asked.length ? u[r] : 0);
    }
    to.putInt(asked.length).putInt(isFirst ? 1 : 0);
    for (int view = 0; view < views; view++) {
      int first = view * positions();
      for (int r = 0; r < rows; r++) {
        to.putInt(first + (r < asked.length ? asked[r] : positions() - 1));
      }
    }
    for (int view = 0; view < views; view++) {
      int first = 0;
      for (int b = 0; b < examples; b++) {
        for (; first < asked.length && asked[first] < b * length; first++) {}
        to.putInt(view * rows + first);
      }
    }
    to.putInt(shownRows());
    for (float[] features : shown) {
      to.asFloatBuffer().put(features).put(new float[examples * width - features.length]);
      to.position(to.position() + examples * width * Float.BYTES);
    }
  }
}
