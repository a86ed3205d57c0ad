// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.StudentT;
import io.github.md4.core.likelihood.BoundEstimate.Unit;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class UnitLossesTest {
  private static final int GROUP = LikelihoodEstimator.GROUP;

  private static UnitLosses losses(Unit unit, long[] tokens, double... nats) {
    return new UnitLosses(unit, tokens, nats);
  }

  @Test
  void natsPerToken_weighsByTokens() {
    assertThat(losses(Unit.DOCUMENTS, new long[] {1, 0, 3}, 2, 0, 6).natsPerToken()).isEqualTo(2);
  }

  /** Differences 1, -2, 4 of two tokens each: mean 1/2 a token, deviations 0, -3, 3. */
  @Test
  void minus_ofDocumentsComparesThemOneByOne() {
    long[] tokens = {2, 2, 2};
    UnitLosses.Difference difference =
        losses(Unit.DOCUMENTS, tokens, 5, 5, 9)
            .minus(losses(Unit.DOCUMENTS, tokens.clone(), 4, 7, 5));
    assertThat(difference.nats()).isEqualTo(0.5);
    assertThat(difference.standardError()).isCloseTo(Math.sqrt(18.0 / 2 / 3) / 2, within(1e-15));
    assertThat(difference.degreesOfFreedom()).isEqualTo(2);
    double width = StudentT.quantile(0.025, 2) * difference.standardError();
    assertThat(difference.interval().low()).isCloseTo(0.5 - width, within(1e-15));
    assertThat(difference.interval().high()).isCloseTo(0.5 + width, within(1e-15));
  }

  /** From the eighth group of chunks on, the last of which may be short, groups are compared. */
  @Test
  void minus_ofChunksComparesGroupsWhereThereAreEnough() {
    assertThat(difference(Unit.CHUNKS, 7 * GROUP).degreesOfFreedom()).isEqualTo(7 * GROUP - 1);
    assertThat(difference(Unit.DOCUMENTS, 9 * GROUP).degreesOfFreedom()).isEqualTo(9 * GROUP - 1);
    UnitLosses.Difference difference = difference(Unit.CHUNKS, 7 * GROUP + 1);
    assertThat(difference.degreesOfFreedom()).isEqualTo(7);
    // Each full group has the sum 0 + ... + 63 of three tokens each; the last has 0 of 3.
    double sum = GROUP * (GROUP - 1) / 2.0;
    double tokens = 3.0 * (7 * GROUP + 1);
    double mean = 7 * sum / tokens;
    double full = sum - 3 * GROUP * mean;
    double squares = 7 * full * full + 9 * mean * mean;
    assertThat(difference.nats()).isCloseTo(mean, within(1e-12));
    assertThat(difference.standardError())
        .isCloseTo(Math.sqrt(squares * 8 / 7) / tokens, within(1e-12));
  }

  /** Less losses of zero; those of each chunk are its place in its group. */
  private static UnitLosses.Difference difference(Unit unit, int count) {
    long[] tokens = new long[count];
    double[] nats = new double[count];
    Arrays.fill(tokens, 3);
    Arrays.setAll(nats, i -> i % GROUP);
    return losses(unit, tokens, nats).minus(losses(unit, tokens, new double[count]));
  }

  /** Two runs: deviations 3 - 1 and -3 - 1 of six tokens; of other runs, each document alone. */
  @Test
  void minus_comparesRunsWhereBothAreTheSame() {
    long[] tokens = {2, 2, 2};
    double[] nats = {5, 5, 9};
    UnitLosses one = losses(tokens, nats, 1, 3, Double.NaN, -3);
    UnitLosses other = losses(tokens, new double[3], 1, 1, Double.NaN, 1);
    UnitLosses.Difference difference = one.minus(other);
    assertThat(difference.standardError()).isCloseTo(Math.sqrt(20.0 / 2) / 6, within(1e-15));
    assertThat(difference.degreesOfFreedom()).isEqualTo(1);
    UnitLosses.Difference alone =
        losses(Unit.DOCUMENTS, tokens, nats).minus(losses(Unit.DOCUMENTS, tokens, 0, 0, 0));
    for (UnitLosses unlike :
        new UnitLosses[] {
          losses(tokens, new double[3], 1, 1, 1, 1),
          losses(tokens, new double[3], 2, 1, Double.NaN, 1),
          losses(Unit.DOCUMENTS, tokens, 0, 0, 0)
        }) {
      assertThat(one.minus(unlike)).isEqualTo(alone);
      assertThat(unlike.minus(one).standardError()).isEqualTo(alone.standardError());
    }
  }

  @Test
  void constructor_rejectsRunsOfOtherDocuments() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> losses(new long[] {1, 2}, new double[2], 1, 3))
        .withMessage("there must be a deviation, or NaN, for each count of tokens: 2, 1");
  }

  private static UnitLosses losses(
      long[] tokens, double[] nats, long degrees, double... deviations) {
    return new UnitLosses(Unit.DOCUMENTS, tokens, nats, new UnitLosses.Runs(deviations, degrees));
  }

  @Test
  void minus_rejectsOtherData() {
    UnitLosses losses = losses(Unit.CHUNKS, new long[] {1, 2}, 1, 1);
    for (UnitLosses other :
        new UnitLosses[] {
          losses(Unit.DOCUMENTS, new long[] {1, 2}, 1, 1),
          losses(Unit.CHUNKS, new long[] {2, 1}, 1, 1),
          losses(Unit.CHUNKS, new long[] {1, 2, 3}, 1, 1, 1)
        }) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> losses.minus(other))
          .withMessage("losses must be of the same data to be compared");
    }
  }

  @Test
  void losses_haveTokens() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> losses(Unit.CHUNKS, new long[] {0}, 1))
        .withMessage("there must be tokens, and nats for each count of them: 1, 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> losses(Unit.CHUNKS, new long[] {1, 1}, 1))
        .withMessageEndingWith(": 2, 1");
  }
}
