// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/** Rows that are 1 at one token and 0 elsewhere. */
final class OneHot {
  private OneHot() {}

  /**
   * Returns {@code 1[v = token]} of each row, [R, V].
   *
   * @param column tokens, int64 [R, 1]; one outside [0, V) makes a row of zeros
   */
  static NDArray of(NDArray column, long vocabularySize, DataType type) {
    NDManager manager = column.getManager();
    NDArray all =
        manager.arange(0, (int) vocabularySize, 1, DataType.INT64).expandDims(0); // [1, V]
    return column.eq(all).toType(type, false);
  }

  /** Returns the rows with 1 taken away at one token of each, [R, V]. */
  static NDArray subtracted(NDArray rows, NDArray column) {
    return rows.sub(of(column, rows.getShape().get(1), rows.getDataType()));
  }
}
