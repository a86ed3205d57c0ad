// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.loss.RowLoss;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class QueryBatchTest {
  private static final int M = 5;
  private static final int[][] X = {{0, 1, 2}, {3, 4, 0}};
  private static final int[] NO_LABELS = {Condition.NO_LABEL, Condition.NO_LABEL};
  private static final Query FIRST = new Query(new int[] {M, 1, M}, 0.25, new int[] {0, 2}, 10);
  private static final Query SECOND =
      new Query(new int[] {3, M, 0}, 0.75, new int[] {1}, 20, false);
  private static final Query NOTHING = new Query(X[1], 0.5, new int[0], 7);

  private static QueryBatch batch() {
    return QueryBatch.of(X, NO_LABELS, List.of(FIRST, SECOND));
  }

  @Test
  void rows_areTheAskedPositions() {
    QueryBatch batch = batch();
    assertThat(batch.rows()).containsExactly(0, 2, 4);
    assertThat(batch.targets()).containsExactly(0, 2, 4);
    assertThat(batch.zt()).isDeepEqualTo(new int[][] {{M, 1, M}, {3, M, 0}});
    assertThat(batch.condition().times()).containsExactly(0.25, 0.75);
    assertThat(batch.condition().labels()).isEmpty();
    assertThat(batch.example(2)).isOne();
    assertThat(batch.position(2)).isOne();
    assertThat(batch.askedCount()).isEqualTo(3);
    assertThat(batch.isWithinEnds(0)).isTrue();
    assertThat(batch.isWithinEnds(1)).isFalse();
  }

  @Test
  void first_hasTheFactsOfItsRows() {
    float[][] one = {{1, 2}, {10, 20}};
    float[][] other = {{3}, {30}};
    NoisyVectors none = NoisyVectors.NONE;
    Query first = new Query(new int[] {M, 1, M}, 0.25, new int[] {0, 2}, 10, true, one, none);
    Query second = new Query(new int[] {3, M, 0}, 0.75, new int[] {1}, 20, true, other, none);
    QueryBatch batch = QueryBatch.of(X, NO_LABELS, List.of(first, second));
    assertThat(batch.asked().facts()).isDeepEqualTo(new float[][] {{1, 2, 3}, {10, 20, 30}});
    assertThat(batch.first(1).asked().facts()).isDeepEqualTo(one);
  }

  /** The mean over the step's sequences, in bits per token. */
  @Test
  void rowWeights_areTheQueriesOfAShareOfTheStep() {
    float[] weights = batch().rowWeights(4);
    double bits = 1 / Math.log(2) / (4 * 3);
    for (int r = 0; r < 3; r++) {
      double expected = bits * (r < 2 ? 10 : 20);
      assertThat((double) weights[r]).isCloseTo(expected, within(6e-8 * expected));
    }
  }

  @Test
  void values_areTheWeightedSumsOfEachExample() {
    assertThat(batch().values(new float[] {1, 2, 4})).containsExactly(30, 80);
  }

  @Test
  void targets_goRoundExamplesWithoutRows() {
    int[][] x = {{0, 1}, {2, 3}, {4, 0}, {1, 2}};
    Query none = new Query(x[0], 0.1, new int[0], 1);
    Query one = new Query(x[1], 0.1, new int[] {0}, 1);
    Query both = new Query(x[3], 0.1, new int[] {0, 1}, 1);
    QueryBatch batch = QueryBatch.of(x, new int[] {-1, -1, -1, -1}, List.of(none, one, none, both));
    assertThat(batch.rows()).containsExactly(2, 6, 7);
    assertThat(batch.targets()).containsExactly(2, 1, 2);
  }

  @Test
  void first_isTheBatchOfTheFirstExamples() {
    QueryBatch first = batch().first(1);
    assertThat(first.batchSize()).isOne();
    assertThat(first.zt()).isDeepEqualTo(new int[][] {{M, 1, M}});
    assertThat(first.rows()).containsExactly(0, 2);
    assertThat(first.targets()).containsExactly(0, 2);
    assertThat(first.time(0)).isEqualTo(0.25);
    assertThat(first.weight(0)).isEqualTo(10);
    assertThat(batch().first(2).rows()).containsExactly(0, 2, 4);
  }

  /** The first position of the next example is not asked about. */
  @Test
  void first_leavesOutTheNextExamplesFirstPosition() {
    Query next = new Query(new int[] {M, 4, 0}, 0.5, new int[] {0}, 1);
    QueryBatch batch = QueryBatch.of(X, NO_LABELS, List.of(FIRST, next));
    assertThat(batch.rows()).containsExactly(0, 2, 3);
    assertThat(batch.first(1).rows()).containsExactly(0, 2);
  }

  @Test
  void first_keepsTheClasses() {
    QueryBatch batch = QueryBatch.of(X, new int[] {7, 8}, List.of(FIRST, SECOND));
    assertThat(batch.first(1).condition().labels()).containsExactly(7);
    assertThat(batch().first(1).condition().labels()).isEmpty();
  }

  /** Of positions 0 to 5, 0, 2 and 4 are asked about; 5 and 3 stand in, the last ones first. */
  @Test
  void filled_addsTheLastPositionsThatNobodyAsksAbout() {
    QueryBatch four = batch().filled(4);
    assertThat(four.rows()).containsExactly(0, 2, 4, 5);
    assertThat(four.targets()).containsExactly(0, 2, 4, 0);
    assertThat(four.asked().shown()).containsExactly(M, M, M, 0);
    assertThat(four.askedCount()).isEqualTo(3);
    assertThat(four.values(new float[] {1, 2, 4, 1000})).containsExactly(30, 80);
    QueryBatch five = batch().filled(5);
    assertThat(five.rows()).containsExactly(0, 2, 3, 4, 5);
    assertThat(five.values(new float[] {1, 2, 1000, 4, 1000})).containsExactly(30, 80);
    float[] asked = batch().rowWeights(2);
    assertThat(five.rowWeights(2)).containsExactly(asked[0], asked[1], 0, asked[2], 0);
  }

  @Test
  void filled_isAMultipleOrAllPositions() {
    assertThat(batch().filled(1).rows()).containsExactly(0, 2, 4);
    assertThat(batch().filled(3).rows()).containsExactly(0, 2, 4);
    assertThat(batch().filled(2).rows()).hasSize(4);
    assertThat(batch().filled(100).rows()).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(batch().filled(4).filled(6).rows()).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(batch().filled(4).filled(6).askedCount()).isEqualTo(3);
  }

  /** A row that stands in has the facts of a row that is asked, so that formulas can take them. */
  @Test
  void filled_hasFactsAtAllRows() {
    NoisyVectors none = NoisyVectors.NONE;
    Query first = new Query(X[0], 0.25, new int[] {1}, 10, true, new float[][] {{3}}, none);
    Query second = new Query(X[1], 0.75, new int[] {1}, 20, true, new float[][] {{7}}, none);
    QueryBatch filled = QueryBatch.of(X, NO_LABELS, List.of(first, second)).filled(6);
    assertThat(filled.asked().facts()).isDeepEqualTo(new float[][] {{3, 3, 3, 3, 7, 7}});
    assertThat(filled.first(1).rows()).containsExactly(1);
    assertThat(filled.first(1).asked().facts()).isDeepEqualTo(new float[][] {{3}});
  }

  @Test
  void filled_whereNothingIsAskedCountsNothing() {
    QueryBatch filled = QueryBatch.of(X, NO_LABELS, List.of(NOTHING, NOTHING)).filled(4);
    assertThat(filled.rows()).containsExactly(0, 3, 4, 5);
    assertThat(filled.askedCount()).isZero();
    assertThat(filled.rowWeights(2)).containsExactly(0, 0, 0, 0);
    assertThat(filled.values(new float[] {7, 7, 7, 7})).containsExactly(0, 0);
  }

  @Test
  void rows_whereNothingIsAskedAreOneThatCountsNothing() {
    QueryBatch batch = QueryBatch.of(X, NO_LABELS, List.of(NOTHING, NOTHING));
    assertThat(batch.rows()).hasSize(1);
    assertThat(batch.askedCount()).isZero();
    assertThat(batch.rowWeights(2)).containsExactly(0);
    assertThat(batch.values(new float[] {7})).containsExactly(0, 0);
    try (NDManager manager = NDManager.newBaseManager()) {
      Denoiser never =
          (zt, condition, rows) -> {
            throw new AssertionError("nothing is asked");
          };
      assertThat(batch.losses(manager, never, new RowLoss.CrossEntropy())).isEmpty();
    }
  }

  @Test
  void losses_areThoseOfTheAskedPositions() {
    FixedDenoiser denoiser = FixedDenoiser.random(6, M);
    try (NDManager manager = NDManager.newBaseManager()) {
      float[] losses = batch().losses(manager, denoiser, new RowLoss.CrossEntropy());
      double[] expected = {
        denoiser.crossEntropy(0, 0), denoiser.crossEntropy(2, 2), denoiser.crossEntropy(4, 4)
      };
      for (int r = 0; r < 3; r++) {
        assertThat((double) losses[r]).isCloseTo(expected[r], within(2.4e-7 * expected[r]));
      }
      assertThat(losses).hasSize(3);
      assertThat(manager.getManagedArrays()).isEmpty();
    }
  }

  private static void refuse(int[][] x, String message, Query... queries) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueryBatch.of(x, NO_LABELS, List.of(queries)))
        .withMessage(message);
  }

  @Test
  void of_rejectsQueriesThatDoNotFitTheirExamples() {
    int[][] ragged = {{0, 1, 2}, {3, 4}};
    refuse(ragged, "all sequences must have one length: 3, 2, 3", FIRST, SECOND);
    Query shorter = new Query(new int[] {3, M}, 0.5, new int[] {1}, 1);
    refuse(X, "all sequences must have one length: 3, 3, 2", FIRST, shorter);
    Query outside = new Query(X[1], 0.5, new int[] {1, 3}, 1);
    refuse(X, "positions must ascend in [0, 3): [1, 3]", FIRST, outside);
    Query descending = new Query(X[1], 0.5, new int[] {1, 0}, 1);
    refuse(X, "positions must ascend in [0, 3): [1, 0]", FIRST, descending);
    Query negative = new Query(X[1], 0.5, new int[] {-1}, 1);
    refuse(X, "positions must ascend in [0, 3): [-1]", FIRST, negative);
    Query withFacts = new Query(X[1], 0.5, new int[] {1}, 1, true, new float[1][1]);
    refuse(X, "there must be 0 facts for each of 1 positions", FIRST, withFacts);
    Query tooFew = new Query(X[1], 0.5, new int[] {1, 2}, 1, true, new float[1][1]);
    refuse(X, "there must be 1 facts for each of 2 positions", withFacts, tooFew);
  }

  @Test
  void condition_rejectsOtherNumbersOfLabelsAndVectors() {
    String message = "there must be a label and vectors for each of 2 times, or none: ";
    double[] times = {0, 1};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Condition(times, new int[] {3}))
        .withMessage(message + "1, 0");
    List<NoisyVectors> one = List.of(new NoisyVectors(0.5, new float[] {1}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Condition.at(times).with(one))
        .withMessage(message + "0, 1");
    assertThat(Condition.at(times).with(List.of(NoisyVectors.NONE)).vectors()).isEmpty();
  }

  @Test
  void of_rejectsListsOfDifferentLengths() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueryBatch.of(X, NO_LABELS, List.of(FIRST)))
        .withMessageContaining("2, 2, 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueryBatch.of(new int[0][], new int[0], List.of()));
  }
}
