// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * The asked rows, as the host knows them before any network runs.
 *
 * @param targets clean tokens [R], in [0, V)
 * @param shown the tokens that the network is shown there [R], in [0, V]
 * @param facts numbers that an objective gives its loss about each row, [k][R]; k is 0 where the
 *     loss needs none
 */
public record AskedRows(int[] targets, int[] shown, float[][] facts) {

  /**
   * Checks that there is as much of all.
   *
   * @param targets clean tokens [R], in [0, V)
   * @param shown the tokens that the network is shown there [R], in [0, V]
   * @param facts numbers that an objective gives its loss about each row, [k][R]; k is 0 where the
   *     loss needs none
   * @throws IllegalArgumentException if one of them has not one entry a row
   */
  public AskedRows {
    int rows = targets.length;
    boolean isWhole = shown.length == rows;
    for (float[] fact : facts) {
      isWhole &= fact.length == rows;
    }
    if (!isWhole) {
      throw new IllegalArgumentException("there must be one of everything a row: " + rows);
    }
  }

  /**
   * {@return the rows of a loss that is told the targets alone: they stand for the tokens shown,
   * too, and there are no facts}
   *
   * @param targets clean tokens in [0, V), one a row; not copied
   */
  public static AskedRows of(int... targets) {
    return new AskedRows(targets, targets, new float[0][]);
  }

  /** {@return R, the number of rows} */
  public int count() {
    return targets.length;
  }

  /**
   * {@return the rows from {@code first} to before {@code end}}
   *
   * @param first the first row, in [0, R]
   * @param end the row after the last, in [first, R]
   */
  public AskedRows range(int first, int end) {
    float[][] some = new float[facts.length][];
    Arrays.setAll(some, k -> Arrays.copyOfRange(facts[k], first, end));
    return new AskedRows(
        Arrays.copyOfRange(targets, first, end), Arrays.copyOfRange(shown, first, end), some);
  }

  /**
   * {@return the targets, int64 [R]}
   *
   * @param manager the owner of the array; its device is the array's
   */
  public NDArray targets(NDManager manager) {
    return longs(manager, targets);
  }

  /**
   * {@return the rows on a device}
   *
   * @param manager the owner of the arrays; its device is theirs
   */
  public OnDevice on(NDManager manager) {
    return new OnDevice(
        targets(manager),
        longs(manager, shown),
        Arrays.stream(facts).map(fact -> manager.create(fact, new Shape(fact.length, 1))).toList());
  }

  /**
   * The asked rows on a device.
   *
   * @param targets clean tokens, int64 [R], in [0, V)
   * @param shown the tokens that the network is shown there, int64 [R], in [0, V]
   * @param facts columns, float32 [R, 1]
   */
  public record OnDevice(NDArray targets, NDArray shown, List<NDArray> facts) {

    /**
     * {@return a fact as a column, float32 [R, 1]}
     *
     * @param index the fact's number, in [0, k)
     */
    public NDArray fact(int index) {
      return facts.get(index);
    }
  }

  private static NDArray longs(NDManager manager, int... numbers) {
    return manager.create(Arrays.stream(numbers).asLongStream().toArray());
  }
}
