// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Examples with their masked version, known to the host before any network runs: so the network
 * answers for masked positions alone, and nothing waits for the device to learn where they are.
 */
public final class MaskedBatch implements Draft {
  private final int[][] x;
  private final int[][] zt;
  private final Condition condition;
  private final int[] rows;
  private final int maskedCount;

  /**
   * @param x clean tokens [B, N]
   * @param zt the same, partly masked [B, N]
   * @param times the time of each example [B]
   */
  public MaskedBatch(TokenSpace space, int[][] x, int[][] zt, double[] times) {
    this(space, x, zt, Condition.at(times));
  }

  /**
   * @param x clean tokens [B, N]
   * @param zt the same, partly masked [B, N]
   * @param condition the time of each example, and its class where there are classes
   */
  public MaskedBatch(TokenSpace space, int[][] x, int[][] zt, Condition condition) {
    this(x, zt, condition, maskedRows(space, zt));
  }

  private MaskedBatch(int[][] x, int[][] zt, Condition condition, int[] masked) {
    double[] times = condition.times();
    if (x.length == 0 || x.length != zt.length || x.length != times.length) {
      throw new IllegalArgumentException(
          "x, zt and times must have one entry an example: %d, %d, %d"
              .formatted(x.length, zt.length, times.length));
    }
    this.x = x;
    this.zt = zt;
    this.condition = condition;
    this.rows = Arrays.copyOf(masked, Math.max(masked.length, 1));
    this.maskedCount = masked.length;
  }

  /** Returns examples at all of whose positions the network guesses, whatever it sees there. */
  static MaskedBatch guessedEverywhere(int[][] x, int[][] seen, Condition condition) {
    int[] all = IntStream.range(0, Math.multiplyExact(x.length, x[0].length)).toArray();
    return new MaskedBatch(x, seen, condition, all);
  }

  @Override
  public MaskedBatch masked() {
    return this;
  }

  /** Returns the first examples, at least one, and where the network guesses in them. */
  public MaskedBatch first(int examples) {
    int end = examples * length();
    return new MaskedBatch(
        Arrays.copyOf(x, examples),
        Arrays.copyOf(zt, examples),
        condition.first(examples),
        Arrays.stream(rows, 0, maskedCount).filter(row -> row < end).toArray());
  }

  /** Returns B. */
  @Override
  public int batchSize() {
    return x.length;
  }

  /** Returns N. */
  public int length() {
    return x[0].length;
  }

  /** Returns R, the number of rows: the masked positions, or one where nothing is masked. */
  public int rowCount() {
    return rows.length;
  }

  /** Returns how many positions are masked. */
  public int maskedCount() {
    return maskedCount;
  }

  /** Returns what the network is told of the examples. */
  public Condition condition() {
    return condition;
  }

  /** Returns the time of an example. */
  public double time(int example) {
    return condition.times()[example];
  }

  /** Returns the example to which a row belongs. */
  public int example(int row) {
    return rows[row] / length();
  }

  /** Returns the clean tokens [B][N]; not to be changed. */
  public int[][] x() {
    return x;
  }

  /** Returns {@code z_t} [B][N]; not to be changed. */
  public int[][] zt() {
    return zt;
  }

  /** Returns the rows, flat positions in [0, B N) in ascending order; not to be changed. */
  public int[] rows() {
    return rows;
  }

  /** Returns the clean tokens at the rows [R]. */
  public int[] targets() {
    int length = length();
    int[] targets = new int[rows.length];
    int r = 0;
    for (int b = 0; b < x.length; b++) {
      int start = b * length;
      for (; r < rows.length && rows[r] < start + length; r++) {
        targets[r] = x[b][rows[r] - start];
      }
    }
    return targets;
  }

  /** Returns {@code z_t}, int64 [B, N]. */
  public NDArray zt(NDManager manager) {
    long[] flat = Arrays.stream(zt).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return manager.create(flat, new Shape(batchSize(), length()));
  }

  /** Returns the rows, flat positions in [0, B N), int64 [R]. */
  public NDArray rows(NDManager manager) {
    return manager.create(Arrays.stream(rows).asLongStream().toArray());
  }

  /** Returns the clean tokens at the rows, int64 [R]. */
  public NDArray targets(NDManager manager) {
    return manager.create(Arrays.stream(targets()).asLongStream().toArray());
  }

  /**
   * Returns a weight for each row from a weight for each example; zero for the row that stands in
   * where nothing is masked.
   *
   * @param ofExample [B]
   * @return [R]
   */
  public float[] rowWeights(double[] ofExample) {
    float[] weights = new float[rows.length];
    int length = length();
    int r = 0;
    for (int b = 0; b < x.length && maskedCount() > 0; b++) {
      for (; r < rows.length && rows[r] < (b + 1) * length; r++) {
        weights[r] = (float) ofExample[b];
      }
    }
    return weights;
  }

  /**
   * Returns the sum over each example's masked positions.
   *
   * @param ofRow [R]
   * @return [B]
   */
  public double[] sumOverMasked(float[] ofRow) {
    double[] sums = new double[batchSize()];
    for (int r = 0; r < rows.length; r++) {
      if (isMasked(r)) {
        sums[example(r)] += ofRow[r];
      }
    }
    return sums;
  }

  private boolean isMasked(int row) {
    return row < maskedCount;
  }

  private static int[] maskedRows(TokenSpace space, int[][] zt) {
    int length = zt.length == 0 ? 0 : zt[0].length;
    int[] rows = new int[Math.multiplyExact(zt.length, length)];
    int count = 0;
    for (int b = 0; b < zt.length; b++) {
      for (int n = 0; n < length; n++) {
        if (space.isMask(zt[b][n])) {
          rows[count++] = b * length + n;
        }
      }
    }
    return Arrays.copyOf(rows, count);
  }
}
