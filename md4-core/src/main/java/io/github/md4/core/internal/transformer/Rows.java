// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rows of a batch, example by example: all positions, or chosen ones.
 *
 * @param count the number of rows
 * @param starts int32 [examples + 1], the first row of each example, then the number of rows
 * @param chosen their positions; empty for all positions
 */
public record Rows(int examples, int length, int count, NDArray starts, Optional<Chosen> chosen) {

  /**
   * The flat positions of chosen rows [count], in the two types that kernels take.
   *
   * @param tiles for attention of chosen rows in training; empty where all positions attend
   */
  record Chosen(NDArray longs, NDArray ints, Optional<Tiles> tiles) {
    Chosen(NDArray longs, NDArray ints) {
      this(longs, ints, Optional.empty());
    }
  }

  /**
   * The tiles of chosen rows, int32: for each, {@code example * t + i}, where i counts the tiles of
   * an example and t is their number where all its positions are chosen.
   *
   * @param few of {@link #FEW} rows; {@code many}, of {@link #MANY} rows
   */
  record Tiles(NDArray few, NDArray many) {
    static final int FEW = 128;
    static final int MANY = 256;

    static int number(NDArray tiles) {
      return (int) tiles.getShape().get(0);
    }
  }

  /** Returns the most bytes that {@link #of} uploads. */
  static long bytes(int examples, int rows) {
    long tiles = 2L * (examples + rows / Tiles.FEW);
    return (examples + 1L + tiles) * Integer.BYTES + (long) rows * (Integer.BYTES + Long.BYTES);
  }

  static Rows all(NDManager scope, Upload upload, int examples, int length) {
    int[] starts = new int[examples + 1];
    Arrays.setAll(starts, b -> b * length);
    NDArray uploaded = upload.ints(scope, starts, new Shape(starts.length));
    return new Rows(examples, length, examples * length, uploaded, Optional.empty());
  }

  /** Chosen rows on the host, in both types. */
  record OnHost(int[] rows, long[] longs, int[] starts, int length) {

    /**
     * @param rows flat positions in ascending order
     */
    static OnHost of(int[] rows, int examples, int length) {
      int[] starts = new int[examples + 1];
      long[] longs = new long[rows.length];
      int r = 0;
      for (int b = 0; b < examples; b++) {
        for (int end = (b + 1) * length; r < rows.length && rows[r] < end; r++) {
          longs[r] = rows[r];
        }
        starts[b + 1] = r;
      }
      return new OnHost(rows, longs, starts, length);
    }

    /** Returns the tiles of so many rows, as {@link Tiles} has them. */
    int[] tiles(int size) {
      int ofAll = (length + size - 1) / size;
      return IntStream.range(0, starts.length - 1)
          .flatMap(
              b -> {
                int rowsOfExample = starts[b + 1] - starts[b];
                int tiles = (rowsOfExample + size - 1) / size;
                return IntStream.range(b * ofAll, b * ofAll + tiles);
              })
          .toArray();
    }
  }

  static Rows of(NDManager scope, Upload upload, OnHost host, Rows all) {
    int count = host.rows.length;
    Shape shape = new Shape(count);
    Tiles tiles =
        new Tiles(
            ints(scope, upload, host.tiles(Tiles.FEW)),
            ints(scope, upload, host.tiles(Tiles.MANY)));
    Chosen chosen =
        new Chosen(
            upload.longs(scope, host.longs, shape),
            upload.ints(scope, host.rows, shape),
            Optional.of(tiles));
    NDArray uploaded = upload.ints(scope, host.starts, new Shape(host.starts.length));
    return new Rows(all.examples, all.length, count, uploaded, Optional.of(chosen));
  }

  private static NDArray ints(NDManager scope, Upload upload, int[] values) {
    return upload.ints(scope, values, new Shape(values.length));
  }

  /** Returns whether these are chosen rows. */
  public boolean isChosen() {
    return chosen.isPresent();
  }

  /** Returns the number of all positions. */
  int positions() {
    return examples * length;
  }
}
