// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.diffusion.Objective.Relation;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the objectives of other papers say of themselves, and their queries at the edges. */
@Tag("exact")
final class ComparedObjectivesTest {
  private static final TokenSpace SPACE = new TokenSpace(5);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear(), 0);
  private static final MaskingSchedule NARROW = new MaskingSchedule(new Curve.Linear(), 0.25);
  private static final TimeAxis CONTINUOUS = new TimeAxis.Continuous();
  private static final TimeAxis STEPS = new TimeAxis.Discrete(7);

  private static Objective objective(String text) {
    return ObjectiveKind.parse(text).of(SPACE, LINEAR, CONTINUOUS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "any-order(probability) | any-order | any-order, by probability | upper bound | true",
        "score-entropy | score-entropy | score entropy | upper bound | true",
        "d3pm-absorbing(9) | d3pm-absorbing | D3PM with masks, T = 9 | upper bound | true",
        "d3pm-absorbing(9, 0.1) | d3pm-absorbing | D3PM with masks, T = 9"
            + " | bound with an auxiliary cross-entropy | true",
        "d3pm-uniform(9) | d3pm-uniform | D3PM with uniform noise, T = 9 | upper bound | false",
        "d3pm-uniform(9, 0.1) | d3pm-uniform | D3PM with uniform noise, T = 9"
            + " | bound with an auxiliary cross-entropy | false",
        "ctmc-absorbing | ctmc-absorbing | jumps to masks | upper bound | true",
        "ctmc-uniform | ctmc-uniform | jumps of uniform noise | upper bound | false",
      })
  void objectives_sayWhatTheyAre(
      String text, String name, String objective, String kind, boolean isUnmasking) {
    assertThat(ObjectiveKind.parse(text).name()).isEqualTo(name);
    assertThat(ObjectiveKind.parse(text).generation().isUnmasking()).isEqualTo(isUnmasking);
    assertThat(objective(text)).hasToString(objective);
    assertThat(objective(text).kind()).isEqualTo(kind);
  }

  @Test
  void generations_areToldApart() {
    assertThat(new Generation.LeftToRight().isUnmasking()).isFalse();
    assertThat(ObjectiveKind.parse("d3pm-uniform").generation())
        .isEqualTo(new Generation.UniformNoise());
    assertThat(ObjectiveKind.parse("score-entropy").generation())
        .isEqualTo(new Generation.Unmasking(ScoreEntropyObjective.Scale.BY_SIGMA));
    assertThat(ScoreEntropyObjective.Scale.BY_SIGMA.isNormalised()).isFalse();
    assertThat(new ScoreForm.Softmax().isNormalised()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "any-order",
        "any-order(probability)",
        "score-entropy",
        "ctmc-absorbing",
        "ctmc-uniform"
      })
  void continuousObjectives_haveNoSteps(String text) {
    ObjectiveKind kind = ObjectiveKind.parse(text);
    String message = "the objective " + text + " has continuous time only: discrete(7)";
    assertThatIllegalArgumentException().isThrownBy(() -> kind.check(STEPS)).withMessage(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kind.of(SPACE, LINEAR, STEPS))
        .withMessage(message);
  }

  @Test
  void d3pm_takesTheStepsOfTheAxisOrItsOwn() {
    for (String text : new String[] {"d3pm-absorbing(9)", "d3pm-uniform(9)"}) {
      ObjectiveKind kind = ObjectiveKind.parse(text);
      assertThat(kind.of(SPACE, LINEAR, CONTINUOUS).toString()).endsWith("T = 9");
      assertThat(kind.of(SPACE, LINEAR, STEPS).toString()).endsWith("T = 7");
    }
    Md4Objective bound = new Md4Objective(SPACE, LINEAR, new TimeAxis.Discrete(9));
    assertThat(objective("d3pm-absorbing(9, 0.1)").terms(2)).isEqualTo(bound.terms(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"any-order(probability)", "ctmc-absorbing"})
  void relation_isToContinuousTime(String text) {
    assertThat(objective(text).relationTo(new Md4Objective(SPACE, LINEAR, CONTINUOUS)))
        .isEqualTo(Relation.EQUAL_WITHIN_ENDS);
    assertThat(objective(text).relationTo(new Md4Objective(SPACE, LINEAR, STEPS)))
        .isEqualTo(Relation.NONE);
  }

  @Test
  void scores_areShiftedByTheirScale() {
    assertThat(ScoreEntropyObjective.Scale.BY_SIGMA.shift(SPACE, NARROW, 0.3))
        .isEqualTo(-Math.log(5));
    assertThat(ScoreEntropyObjective.Scale.NONE.shift(SPACE, NARROW, 0.3))
        .isEqualTo(-NARROW.logSnr(0.3))
        .isNotZero();
  }

  /** Every other token is jumped to as often, half of all times. */
  @Test
  void uniformJumps_areToAllOthersAlike() {
    UniformCtmcObjective objective = new UniformCtmcObjective(SPACE, LINEAR);
    int[] counts = new int[5];
    double jumps = 0;
    for (int i = 0; i < 800; i++) {
      double[] u = {0.5 * (i + 0.5) / 800}; // below alpha, so that the token is its own
      Query query = objective.query(new int[] {1}, 0.5, u);
      counts[query.zt()[0]]++;
      jumps += query.facts()[2][0];
    }
    assertThat(counts).containsExactly(100, 400, 100, 100, 100);
    assertThat(jumps / 400).isCloseTo(2 * 4 / 5.0, within(1e-6));
  }

  /** Uniforms equal to alpha are beyond it. */
  @Test
  void edges_belongToTheNoise() {
    int[] x = {3};
    double[] u = {0.5};
    UniformProcess.Drawn drawn = new UniformProcess(SPACE, LINEAR).draw(x, 0.5, u);
    assertThat(drawn.zt()).containsExactly(0);
    assertThat(drawn.rest()).containsExactly(0);
    Query jump = new AbsorbingCtmcObjective(SPACE, LINEAR).query(x, 0.5, u);
    assertThat(jump.positions()).isEmpty();
    Query byProbability = new MaskProbabilityObjective(SPACE, LINEAR).query(x, 0.5, u);
    assertThat(byProbability.positions()).containsExactly(0);
    assertThat(byProbability.time()).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void byProbability_countsTheEndsOfTheSchedule() {
    Objective objective = new MaskProbabilityObjective(SPACE, NARROW);
    boolean[] isWithin = new boolean[101];
    for (int i = 0; i <= 100; i++) {
      double[] u = IntStream.range(0, 3).mapToDouble(n -> n / 3.0).toArray();
      isWithin[i] = objective.query(new int[] {0, 1, 2}, i / 100.0, u).isWithinEnds();
    }
    assertThat(isWithin[24]).isFalse();
    assertThat(isWithin[25]).isTrue();
    assertThat(isWithin[50]).isTrue();
    assertThat(isWithin[75]).isTrue();
    assertThat(isWithin[76]).isFalse();
  }

  /** At alpha 0.25 a token is its own with 0.25 + 0.75 / 5 = 0.4, and each other with 0.15. */
  @Test
  void prior_isTheDivergenceFromEvenOdds() {
    double expected = Math.log(5) + 0.4 * Math.log(0.4) + 4 * 0.15 * Math.log(0.15);
    assertThat(new UniformProcess(SPACE, NARROW).prior()).isCloseTo(expected, within(1e-12));
  }
}
