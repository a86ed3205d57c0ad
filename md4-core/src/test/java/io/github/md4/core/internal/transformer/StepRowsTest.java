// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rows of steps of several examples of 5 positions. */
@Tag("exact")
final class StepRowsTest {
  private static final int LENGTH = 5;
  private static final double[] NO_NUMBERS = {};

  private static Stream<StepRows> atPositions() {
    int[] positions = {1, 4, 7};
    double[] u = new double[3];
    KeptTokens kept = new KeptTokens(new int[] {3, 2}, new int[3]);
    return Stream.of(
        new StepRows.Given(positions, u),
        new StepRows.Kept(positions, u, kept),
        new StepRows.Remasked(positions, u, MaskedAgain.NONE));
  }

  @ParameterizedTest
  @MethodSource("atPositions")
  void rowsAtPositions_areCountedByExample(StepRows rows) {
    assertThat(rows.count()).isEqualTo(3);
    assertThat(IntStream.range(0, 4).map(b -> rows.before(b, b * LENGTH)))
        .containsExactly(0, 2, 3, 3);
    assertThat(rows.areAscending()).isTrue();
  }

  @Test
  void rowsAtPositions_areNotAscendingWhereOneIsTwice() {
    assertThat(new StepRows.Given(new int[] {1, 4, 4}, new double[3]).areAscending()).isFalse();
  }

  @Test
  void joinedRows_areThoseOfEachExampleInOrder() {
    StepRows joined =
        StepRows.joined(
            List.of(
                new StepRows.Given(new int[] {1, 4}, new double[] {0.25, -1}, new int[] {0}),
                new StepRows.Given(new int[0], NO_NUMBERS),
                new StepRows.Given(new int[] {2}, new double[] {0.5}, new int[] {3, 4})),
            LENGTH);
    assertThat(joined)
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(
            new StepRows.Given(
                new int[] {1, 4, 12}, new double[] {0.25, -1, 0.5}, new int[] {0, 13, 14}));
  }

  @Test
  void joinedRows_keepTokensByTheRanksOfAll() {
    int[] ranks = {2, 0, 1};
    StepRows joined =
        StepRows.joined(
            List.of(
                new StepRows.Kept(
                    new int[] {3}, new double[] {0.75}, new KeptTokens(ranks, new int[] {1})),
                new StepRows.Kept(
                    new int[] {0, 2},
                    new double[] {0.5, 0},
                    new KeptTokens(ranks, new int[] {2, 0}))),
            LENGTH);
    assertThat(joined)
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(
            new StepRows.Kept(
                new int[] {3, 5, 7},
                new double[] {0.75, 0.5, 0},
                new KeptTokens(ranks, new int[] {1, 2, 0})));
    assertThat(joined.kept().ranks()).isSameAs(ranks);
  }

  @Test
  void joinedRows_maskAgainInTheirOwnExamples() {
    MaskedAgain first =
        new MaskedAgain(
            new double[] {1, 2, 3, 4, 5},
            new int[] {0, 2},
            new int[] {4, 1},
            new int[] {0, 1},
            new double[] {0.1, 0.2},
            new double[] {0.3, 0.4});
    MaskedAgain second =
        new MaskedAgain(
            new double[] {6, 7, 8, 9, 10},
            new int[] {0, 1},
            new int[] {3},
            new int[] {0},
            new double[] {0.5},
            new double[] {0.6});
    StepRows joined =
        StepRows.joined(
            List.of(
                new StepRows.Remasked(new int[] {1}, new double[] {0.5}, first),
                new StepRows.Remasked(new int[] {4}, new double[] {0.25}, second)),
            LENGTH);
    MaskedAgain both =
        new MaskedAgain(
            new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
            new int[] {0, 2, 3},
            new int[] {4, 1, 3},
            new int[] {0, 1, 0},
            new double[] {0.1, 0.2, 0.5},
            new double[] {0.3, 0.4, 0.6});
    assertThat(joined)
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(new StepRows.Remasked(new int[] {1, 9}, new double[] {0.5, 0.25}, both));
  }

  @Test
  void joinedMasks_areChosenByExample() {
    double[] noise = {5, 4, 3, 2, 1};
    double[] u = {0, 0.1, 0.2, 0.3, 0.4};
    StepRows joined =
        StepRows.joined(List.of(masks(2, u, 4, 1, noise), masks(3, noise, 5, 2, u)), LENGTH);
    assertThat(joined)
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(
            new StepRows.Masks(
                new int[] {2, 3},
                new double[] {0, 0.1, 0.2, 0.3, 0.4, 5, 4, 3, 2, 1},
                new StepRows.Choice(
                    new int[] {4, 5},
                    new int[] {1, 2},
                    new double[] {5, 4, 3, 2, 1, 0, 0.1, 0.2, 0.3, 0.4},
                    0.5)));
    assertThat(joined.count()).isEqualTo(5);
  }

  private static StepRows masks(int count, double[] u, int end, int stay, double[] noise) {
    StepRows.Choice choice = new StepRows.Choice(new int[] {end}, new int[] {stay}, noise, 0.5);
    return new StepRows.Masks(new int[] {count}, u, choice);
  }

  @Test
  void joinedRows_areOfOneForm() {
    StepRows given = new StepRows.Given(new int[] {1}, new double[1]);
    StepRows masks = masks(1, new double[LENGTH], LENGTH, 1, new double[LENGTH]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StepRows.joined(List.of(given, masks), LENGTH))
        .withMessage("all rows must be GIVEN: MASKS");
  }
}
