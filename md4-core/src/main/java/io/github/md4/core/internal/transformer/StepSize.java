// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The size of a step of sampling.
 *
 * @param views how often the network is shown each example: 1, or 2 where the second time is
 *     without what guides it
 * @param rows the rows of a view
 * @param form how they are known
 */
public record StepSize(int examples, int length, int rows, int views, StepRows.Form form) {
  /** The entries of an example of what may be masked again; some have more, many fewer. */
  private static final int REMASKED = 48;

  private static final int LEAST_REMASKED = 512;

  /** Returns the positions of a view. */
  public int positions() {
    return examples * length;
  }

  /** Returns the examples of all views, one view after another. */
  public int shownExamples() {
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
            && form == other.form
            && isAtMostTwice(examples, other.examples)
            && isAtMostTwice(rows, other.rows)
            && rows < positions()
            && other.rows < other.positions());
  }

  private static boolean isAtMostTwice(int one, int other) {
    return one >= other && one <= 2 * other;
  }

  /** Returns whether the rows are masks, which the GPU finds. */
  boolean isOfMasks() {
    return form == StepRows.Form.MASKS;
  }

  /** Returns whether tokens are masked again after a step. */
  boolean remasks() {
    return form == StepRows.Form.REMASKED;
  }

  /** Returns the most positions that may be masked again after a step. */
  int remasked() {
    return remasks() ? LEAST_REMASKED + REMASKED * examples : 0;
  }

  /** Returns whether a step has room here, which is of the same form and of no more rows. */
  public boolean hasRoomFor(StepRows asked) {
    return asked.again().positions().length <= remasked();
  }

  private int least() {
    return form == StepRows.Form.KEPT ? rows : 0;
  }

  private int uniforms() {
    return isOfMasks() ? positions() : rows;
  }

  private int noises() {
    return isOfMasks() ? positions() : 0;
  }

  private int flags() {
    return (positions() + Integer.SIZE - 1) / Integer.SIZE;
  }

  /** Returns the bytes that {@link #write} writes. */
  int bytes(int features) {
    int doubles = 1 + uniforms() + noises() + 2 * remasked();
    int ints = 3 + shownRows() + shownExamples() + 1 + flags() + 2 * examples + least();
    ints += remasks() ? examples + 1 + 2 * remasked() : 0;
    return doubles * Double.BYTES + ints * Integer.BYTES + shownExamples() * features * Float.BYTES;
  }

  /**
   * Writes the inputs of a step, of which the last position of a view is taken for rows that are
   * missing, anything for entries of what is masked again, and zero for what is missing otherwise.
   *
   * @param isFirst whether the step takes the host's tokens
   * @param asked the rows of a view
   * @param shown the features of the examples of each view
   * @param width the number of an example's features
   */
  void write(ByteBuffer to, boolean isFirst, StepRows asked, List<float[]> shown, int width) {
    to.putDouble(asked.choice().divisor());
    put(to, asked.u(), uniforms());
    put(to, asked.choice().noise(), noises());
    putSome(to, asked.again().shares(), remasked());
    putSome(to, asked.again().limits(), remasked());
    to.putInt(asked.count()).putInt(isFirst ? 1 : 0).putInt(asked.masked().length > 0 ? 1 : 0);
    writeRows(to, asked);
    put(to, flags(asked.masked()), flags());
    put(to, asked.choice().ends(), examples);
    put(to, asked.choice().stay(), examples);
    put(to, asked.kept().least(), least());
    if (remasks()) {
      writeRemasked(to, asked.again());
    }
    for (float[] features : shown) {
      to.asFloatBuffer().put(features).put(new float[examples * width - features.length]);
      to.position(to.position() + examples * width * Float.BYTES);
    }
  }

  private void writeRows(ByteBuffer to, StepRows asked) {
    int[] given = asked.positions();
    for (int view = 0; view < views; view++) {
      int first = view * positions();
      for (int r = 0; r < rows; r++) {
        to.putInt(first + (r < given.length ? given[r] : positions() - 1));
      }
    }
    for (int view = 0; view < views; view++) {
      for (int b = 0; b < examples; b++) {
        to.putInt(view * rows + asked.before(b, b * length));
      }
    }
    to.putInt(shownRows());
  }

  private void writeRemasked(ByteBuffer to, MaskedAgain again) {
    int[] starts = Arrays.copyOf(again.starts(), examples + 1);
    int given = again.starts().length;
    Arrays.fill(starts, Math.min(given, starts.length), starts.length, again.positions().length);
    put(to, starts, starts.length);
    putSome(to, again.positions(), remasked());
    putSome(to, again.rounds(), remasked());
  }

  /** Returns a bit for each position of a view, from the lowest on: whether it is among some. */
  private int[] flags(int[] some) {
    int[] flags = new int[flags()];
    for (int position : some) {
      flags[position / Integer.SIZE] |= 1 << position % Integer.SIZE;
    }
    return flags;
  }

  private static void put(ByteBuffer to, double[] values, int count) {
    to.asDoubleBuffer().put(values).put(new double[count - values.length]);
    to.position(to.position() + count * Double.BYTES);
  }

  /** Leaves what is missing as it is. */
  private static void putSome(ByteBuffer to, double[] values, int count) {
    to.asDoubleBuffer().put(values);
    to.position(to.position() + count * Double.BYTES);
  }

  private static void putSome(ByteBuffer to, int[] values, int count) {
    to.asIntBuffer().put(values);
    to.position(to.position() + count * Integer.BYTES);
  }

  private static void put(ByteBuffer to, int[] values, int count) {
    to.asIntBuffer().put(values).put(new int[count - values.length]);
    to.position(to.position() + count * Integer.BYTES);
  }
}
