// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What each kind of objective says of itself and makes. */
@Tag("exact")
final class ObjectiveKindTest {
  private static final TokenSpace SPACE = new TokenSpace(3);
  private static final TimeAxis STEPS = new TimeAxis.Discrete(7);
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());

  @Test
  void kinds_makeTheirObjectives() {
    ObjectiveKind diffusion = ObjectiveKind.parse("diffusion");
    assertThat(diffusion.of(SPACE, LINEAR, STEPS))
        .isEqualTo(new Md4Objective(SPACE, LINEAR, STEPS));
    assertThat(diffusion.anyOrder(SPACE, LINEAR)).contains(new AnyOrderObjective(SPACE, LINEAR));
    assertThat(diffusion.isCausal()).isFalse();
    assertThat(diffusion.learnsSchedule()).isTrue();
    assertThat(diffusion.generation()).isEqualTo(new Generation.Unmasking());
    ObjectiveKind maskGit = ObjectiveKind.parse("maskgit");
    assertThat(maskGit.of(SPACE, LINEAR, STEPS))
        .isEqualTo(new MaskGitObjective(SPACE, LINEAR, STEPS));
    assertThat(maskGit.learnsSchedule()).isFalse();
    assertThat(maskGit.generation()).isEqualTo(new Generation.Unmasking());
    ObjectiveKind leftToRight = ObjectiveKind.parse("autoregressive");
    assertThat(leftToRight.of(SPACE, LINEAR, STEPS)).isEqualTo(new AutoregressiveObjective(SPACE));
    assertThat(leftToRight.anyOrder(SPACE, LINEAR)).contains(new AutoregressiveObjective(SPACE));
    assertThat(leftToRight.isCausal()).isTrue();
    assertThat(leftToRight.generation()).isEqualTo(new Generation.LeftToRight());
    for (String name : List.of("diffusion", "maskgit", "autoregressive")) {
      assertThat(ObjectiveKind.parse(name).name()).isEqualTo(name);
    }
  }

  @Test
  void objectives_sayWhatTheirValueIs() {
    GenMd4Schedule powers = GenMd4Schedule.unit(3, 1e-4);
    Objective genMd4 = new GenMd4Objective(powers, TimeFloor.EXACT);
    Objective reference = new GenMd4Objective(powers, TimeFloor.REFERENCE);
    assertThat(genMd4).hasToString("continuous from 0.001, exact");
    assertThat(genMd4.kind()).isEqualTo("upper bound");
    assertThat(reference.kind()).startsWith("upper bound, times 1 / (1 - 0.001)");
    assertThat(genMd4.terms(2)).isEqualTo(new BoundTerms(2, 0, 0));
    assertThat(new Md4Objective(SPACE, LINEAR, STEPS)).hasToString("T = 7");
    assertThat(new Md4Objective(SPACE, LINEAR, STEPS).kind()).isEqualTo("upper bound");
    assertThat(new MaskGitObjective(SPACE, LINEAR, STEPS)).hasToString("maskgit");
    assertThat(new MaskGitObjective(SPACE, LINEAR, STEPS).kind())
        .isEqualTo("unweighted cross-entropy, no bound");
    AutoregressiveObjective leftToRight = new AutoregressiveObjective(SPACE);
    assertThat(leftToRight).hasToString("left to right");
    assertThat(leftToRight.kind()).isEqualTo("exact");
    assertThat(leftToRight.relationTo(leftToRight)).isEqualTo(Objective.Relation.NONE);
  }

  @Test
  void terms_addUpToTheBound() {
    BoundTerms terms = new BoundTerms(1, 2, 4);
    assertThat(terms.total()).isEqualTo(7);
    assertThat(terms.reconstructing(8)).isEqualTo(new BoundTerms(1, 10, 4));
  }

  @Test
  void condition_isTheSameTimeForAll() {
    Condition condition = Condition.at(0.25, 3);
    assertThat(condition.times()).containsExactly(0.25, 0.25, 0.25);
    assertThat(condition.labels()).isEmpty();
  }

  /** The ends of a schedule from a quarter to three quarters belong to it. */
  @Test
  void anyOrder_countsTheEndsOfTheSchedule() {
    AnyOrderObjective objective =
        new AnyOrderObjective(SPACE, new MaskingSchedule(new Curve.Linear(), 0.25));
    int[] x = {0};
    assertThat(objective.query(x, 0.5, new double[] {0.75}).isWithinEnds()).isTrue();
    assertThat(objective.query(x, 0.5, new double[] {0.25}).isWithinEnds()).isTrue();
    assertThat(objective.query(x, 0.5, new double[] {0.76}).isWithinEnds()).isFalse();
    assertThat(objective.query(x, 0.5, new double[] {0.24}).isWithinEnds()).isFalse();
  }

  @Test
  void kinds_areWrittenAsTheyAreRead() {
    for (String text :
        new String[] {
          "any-order",
          "any-order(probability)",
          "score-entropy",
          "score-entropy(unscaled)",
          "d3pm-absorbing",
          "d3pm-absorbing(100)",
          "d3pm-absorbing(1000, 0.01)",
          "d3pm-uniform",
          "d3pm-uniform(500, 0.001)",
          "ctmc-absorbing",
          "ctmc-uniform"
        }) {
      assertThat(ObjectiveKind.parse(text)).hasToString(text);
      assertThat(ObjectiveKind.parse(text)).isEqualTo(ObjectiveKind.parse(text));
      assertThat(ObjectiveKind.parse(text).of(SPACE, LINEAR, new TimeAxis.Continuous()))
          .isNotNull();
    }
    refuse("diffusion(3)", "objective diffusion takes no arguments: 3");
    refuse("any-order(k)", "objective must be any-order or any-order(probability): k");
    refuse("score-entropy(x)", "objective must be score-entropy or score-entropy(unscaled): x");
    refuse(
        "d3pm-uniform(x)",
        "objective must be written d3pm-uniform(STEPS) or d3pm-uniform(STEPS, LAMBDA): x");
    refuse("d3pm-absorbing(0)", "steps must be at least 1: 0");
    refuse("d3pm-absorbing(9, -1)", "the auxiliary factor must be at least 0: -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ObjectiveKind.parse("score-entropy").of(SPACE, LINEAR, STEPS))
        .withMessage("the objective score-entropy has continuous time only: discrete(7)");
    assertThat(ObjectiveKind.parse("d3pm-uniform(7)").of(SPACE, LINEAR, STEPS))
        .isEqualTo(new UniformD3pmObjective(SPACE, LINEAR, new TimeAxis.Discrete(7), 0));
  }

  private static void refuse(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ObjectiveKind.parse(text))
        .withMessage(message);
  }
}
