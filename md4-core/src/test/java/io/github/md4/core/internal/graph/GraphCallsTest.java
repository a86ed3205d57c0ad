// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class GraphCallsTest {
  @Test
  void rowsOfAGraph_areFewDifferentNumbersAndAtMostHalfAsManyMoreOfManyAnEighth() {
    for (int rows = 1; rows < 5000; rows++) {
      int rounded = GraphCalls.roundedUp(rows);
      assertThat(rounded)
          .isGreaterThanOrEqualTo(rows)
          .isLessThanOrEqualTo(Math.max(16, rows < 512 ? rows * 3 / 2 : rows * 9 / 8 + 1));
      assertThat(GraphCalls.roundedUp(rounded)).isEqualTo(rounded);
      assertThat(Integer.bitCount(rounded)).isLessThanOrEqualTo(rows < 512 ? 2 : 4);
    }
  }

  static Stream<Arguments> unlikeCalls() {
    return Stream.of(
        Arguments.of(DataType.INT64, DataType.INT64, 7), // more than there are positions
        Arguments.of(DataType.INT64, DataType.INT64, 0),
        Arguments.of(DataType.INT32, DataType.INT64, 3),
        Arguments.of(DataType.INT64, DataType.INT32, 3));
  }

  /** The arrays of a graph have no room for more rows than positions, nor for other types. */
  @ParameterizedTest
  @MethodSource("unlikeCalls")
  void callsThatAGraphCannotTake_areLeftToLaunches(DataType ofTokens, DataType ofRows, int count) {
    GraphCalls.Pass pass = (scope, zt, condition, rows) -> rows;
    try (NDManager manager = NDManager.newBaseManager();
        GraphCalls calls = new GraphCalls(manager, pass, 5, /* stream= */ null, 0)) {
      NDArray zt = manager.zeros(new Shape(2, 3), ofTokens);
      NDArray rows = manager.zeros(new Shape(count), ofRows);
      assertThat(calls.logits(zt, rows, scope -> new NDList())).isEmpty();
    }
  }
}
