// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is known of the bound's expectation, on a law small enough to enumerate. */
@Tag("exact")
final class ExactElboTest {
  private static final TinyLaw LAW = TinyLaw.random(3, 4);

  /** Relative: log-probabilities pass through float32. Sums and quadrature are double. */
  private static final double TOLERANCE = 1e-7;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Curves that run from 1 to 0 and are smooth enough for the quadrature. */
  static List<Curve> curves() {
    return List.of(
        new Curve.Linear(), new Curve.Cosine(), new Curve.Polynomial(2), new Curve.Polynomial(3));
  }

  /** With every conditional law known the bound is tight. */
  @ParameterizedTest
  @MethodSource("curves")
  void boundOfTheTrueConditionals_isTheEntropy(Curve curve) {
    MaskingSchedule schedule = new MaskingSchedule(curve, 0);
    assertThat(ExactElbo.of(manager, LAW).continuous(schedule))
        .isCloseTo(LAW.entropy(), within(TOLERANCE * LAW.entropy()));
  }

  /** A network that is not told the time: only the ends of the schedule count. */
  @ParameterizedTest
  @MethodSource("curves")
  void boundOfATimeFreeNetwork_isTheSameUnderEverySchedule(Curve curve) {
    TinyLaw other = new TinyLaw(LAW.space(), 4, reversed(LAW.probabilities()));
    ExactElbo elbo =
        new ExactElbo(manager, LAW, LAW.space(), other.sequences(), other.probabilities());
    double expected = elbo.continuous(new MaskingSchedule(new Curve.Linear()));
    assertThat(expected).isGreaterThan(1.1 * LAW.entropy());
    assertThat(elbo.continuous(new MaskingSchedule(curve)))
        .isCloseTo(expected, within(TOLERANCE * expected));
  }

  /** One step masks all: every position is guessed on its own. */
  @Test
  void oneStep_isTheSumOfTheMarginalEntropies() {
    int[] masks = {3, 3, 3, 3};
    double expected = 0;
    for (int n = 0; n < 4; n++) {
      for (double p : LAW.mu(masks, n)) {
        expected -= p * Math.log(p);
      }
    }
    assertThat(ExactElbo.of(manager, LAW).discrete(new MaskingSchedule(new Curve.Linear(), 0), 1))
        .isCloseTo(expected, within(TOLERANCE * expected));
  }

  /** The more steps the tighter, the excess going as 1 / steps. */
  @ParameterizedTest
  @MethodSource("curves")
  void discreteBound_fallsToTheContinuousOne(Curve curve) {
    MaskingSchedule schedule = new MaskingSchedule(curve);
    ExactElbo elbo = ExactElbo.of(manager, LAW);
    double limit = elbo.continuous(schedule);
    double excess = Double.POSITIVE_INFINITY;
    double before = 0;
    for (int steps = 1; steps <= 64; steps *= 2) {
      before = excess;
      excess = elbo.discrete(schedule, steps) - limit;
      assertThat(excess).as("%d steps", steps).isPositive().isLessThan(before);
    }
    // The excess is a / steps + O(1 / steps^2), so from 32 to 64 steps its half, up to 1 / 32.
    assertThat(excess / before).isCloseTo(0.5, within(0.03));
  }

  private static double[] reversed(double[] values) {
    double[] reversed = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      reversed[i] = values[values.length - 1 - i];
    }
    return reversed;
  }
}
