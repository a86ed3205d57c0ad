// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Remasking;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the checks of requests, options and laws. */
@Tag("exact")
final class RequestTest {
  private static final SamplingGrid UNIFORM = new SamplingGrid.Uniform();

  @Test
  void steps_mustBeAtLeastOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SamplingSteps(UNIFORM, 0))
        .withMessage("steps must be at least 1: 0");
  }

  /** The reference's {@code ceil(t T)} steps are left, also where t T is whole but for rounding. */
  @ParameterizedTest
  @CsvSource({"1,0", "0.5,5", "0.51,4", "0.3,7", "0.7,3", "0.1,9", "0.05,9", "1e-9,9"})
  void first_leavesTheStepsFromTheGridsNextTime(double from, int expected) {
    assertThat(new SamplingSteps(UNIFORM, 10).first(from)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, 1.01, Double.NaN})
  void from_mustBeOnTheWay(double from) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SamplingSteps(UNIFORM, 10).first(from))
        .withMessage("from must be in (0, 1]: " + from);
    assertThatIllegalArgumentException().isThrownBy(() -> masks().withFrom(from));
  }

  private static SampleRequest masks() {
    return TinySampling.ofMasks(new TokenSpace(3), 2, 5);
  }

  @Test
  void request_isChecked() {
    assertThatIllegalArgumentException().isThrownBy(() -> SampleRequest.of(List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> masks().withBatchSize(0));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                SampleRequest.of(
                    List.of(
                        new InitialSequence(new int[2], 0), new InitialSequence(new int[3], 1))))
        .withMessage("sequences must have one length: 2, 3");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                SampleRequest.of(
                    List.of(
                        new InitialSequence(new int[2], 0), new InitialSequence(new int[2], 1, 4))))
        .withMessage("either all sequences have a label or none: -1, 4");
  }

  @Test
  void initialSequence_isChecked() {
    assertThatIllegalArgumentException().isThrownBy(() -> new InitialSequence(new int[0], 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new InitialSequence(new int[1], -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InitialSequence(new int[1], 1L << 32));
    assertThatIllegalArgumentException().isThrownBy(() -> new InitialSequence(new int[1], 0, -2));
  }

  @Test
  void laws_areChecked() {
    for (double p : new double[] {0, -1, 1.1, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new TokenLaw.TopP(p))
          .withMessage("p must be in (0, 1]: " + p);
      assertThatIllegalArgumentException().isThrownBy(() -> new Remasking.Cap(p == 0 ? -1 : p));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new TokenLaw.TopK(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenLaw(-1, List.of()))
        .withMessage("temperature must be at least 0: -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenLaw(Double.POSITIVE_INFINITY, List.of()));
    ApproximateMethod.Order order = ApproximateMethod.Order.MARGIN;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ApproximateMethod.Ordered(order, 0, 0))
        .withMessage("tokensAStep must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ApproximateMethod.Ordered(order, 1, -0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> Leftovers.parse("none"));
    assertThat(Leftovers.parse("drawn")).isEqualTo(Leftovers.DRAWN);
  }
}
