// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class MaskedBatchTest {
  private static final TokenSpace SPACE = new TokenSpace(5);
  private static final int[][] X = {{0, 1, 2}, {3, 4, 0}};

  private static MaskedBatch batch(int[][] zt) {
    return new MaskedBatch(SPACE, X, zt, new double[] {0.25, 0.75});
  }

  @Test
  void rows_areTheMaskedPositions() {
    MaskedBatch batch = batch(new int[][] {{5, 1, 5}, {3, 5, 0}});
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThat(batch.rows(manager).toLongArray()).containsExactly(0, 2, 4);
      assertThat(batch.targets(manager).toLongArray()).containsExactly(0, 2, 4);
      assertThat(batch.zt(manager).toLongArray()).containsExactly(5, 1, 5, 3, 5, 0);
      assertThat(batch.zt(manager).getShape()).isEqualTo(new Shape(2, 3));
    }
    assertThat(batch.rowWeights(new double[] {10, 20})).containsExactly(10, 10, 20);
    assertThat(batch.sumOverMasked(new float[] {1, 2, 4})).containsExactly(3, 4);
    assertThat(batch.example(2)).isOne();
    assertThat(batch.maskedCount()).isEqualTo(3);
  }

  @Test
  void weightsAndTargets_goRoundExamplesWithoutMasks() {
    int[][] x = {{0, 1}, {2, 3}, {4, 0}, {1, 2}};
    int[][] zt = {{0, 1}, {5, 3}, {4, 0}, {5, 5}};
    MaskedBatch batch = new MaskedBatch(SPACE, x, zt, new double[] {0.1, 0.2, 0.3, 0.4});
    assertThat(batch.rows()).containsExactly(2, 6, 7);
    assertThat(batch.targets()).containsExactly(2, 1, 2);
    assertThat(batch.rowWeights(new double[] {10, 20, 30, 40})).containsExactly(20, 40, 40);
  }

  @Test
  void first_isTheBatchOfTheFirstExamples() {
    int[][] zt = {{5, 1, 5}, {3, 5, 0}};
    MaskedBatch first = batch(zt).first(1);
    assertThat(first.batchSize()).isOne();
    assertThat(first.zt()).isDeepEqualTo(new int[][] {{5, 1, 5}});
    assertThat(first.rows()).containsExactly(0, 2);
    assertThat(first.targets()).containsExactly(0, 2);
    assertThat(first.time(0)).isEqualTo(0.25);
    assertThat(batch(zt).first(2).rows()).containsExactly(0, 2, 4);
    assertThat(batch(new int[][] {{0, 1, 2}, {5, 5, 5}}).first(1).maskedCount()).isZero();
  }

  @Test
  void first_keepsTheClasses() {
    int[][] zt = {{5, 1, 5}, {3, 5, 0}};
    Condition condition = new Condition(new double[] {0.25, 0.5}, new int[] {7, 8});
    MaskedBatch batch = new MaskedBatch(SPACE, X, zt, condition);
    assertThat(batch.first(1).condition().labels()).containsExactly(7);
    assertThat(batch(zt).first(1).condition().labels()).isEmpty();
  }

  @Test
  void rows_whereNothingIsMaskedAreOneThatCountsNothing() {
    MaskedBatch batch = batch(X);
    assertThat(batch.rowCount()).isOne();
    assertThat(batch.maskedCount()).isZero();
    assertThat(batch.rowWeights(new double[] {10, 20})).containsExactly(0);
    assertThat(batch.sumOverMasked(new float[] {7})).containsExactly(0, 0);
  }

  @Test
  void constructor_rejectsListsOfDifferentLengths() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MaskedBatch(SPACE, X, X, new double[1]))
        .withMessageContaining("2, 2, 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MaskedBatch(SPACE, new int[0][], new int[0][], new double[0]));
  }
}
