// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class TimeSamplingTest {
  /** Among them sizes at which a sum of 1 / B passes 1 one step late. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 49, 98, 103, 107, 196, 197, 1024})
  void lowDiscrepancy_hasOneTimeInEachStratum(int batchSize) {
    for (double u : new double[] {0, 0.3, Math.nextDown(1.0)}) {
      double[] times = new TimeSampling.LowDiscrepancy().times(filled(batchSize, u));
      assertThat(times).hasSize(batchSize);
      Arrays.sort(times);
      double offset = times[0];
      assertThat(offset).isBetween(0.0, 1.0 / batchSize);
      for (int k = 0; k < batchSize; k++) {
        // u + k / B and its fraction are rounded to units of 2^-53 to 2^-52.
        assertThat(times[k])
            .isEqualTo(offset + (double) k / batchSize, within(5e-16))
            .isLessThan(1);
      }
    }
  }

  @Test
  void lowDiscrepancy_startsAtTheFirstUniformAndIgnoresTheOthers() {
    assertThat(new TimeSampling.LowDiscrepancy().times(new double[] {0.5, 0.1, Double.NaN, 0.9}))
        .containsExactly(0.5, 0.75, 0, 0.25);
  }

  @Test
  void independent_isACopyOfTheUniforms() {
    double[] u = {0.7, 0, 0.2};
    assertThat(new TimeSampling.Independent().times(u)).isNotSameAs(u).containsExactly(0.7, 0, 0.2);
  }

  @Test
  void times_ofNoExamplesAreNone() {
    for (TimeSampling sampling : Schedules.SAMPLINGS) {
      assertThat(sampling.times(new double[0])).isEmpty();
    }
  }

  @Test
  void parse_readsToString() {
    for (TimeSampling sampling : Schedules.SAMPLINGS) {
      assertThat(TimeSampling.parse(sampling.toString())).isEqualTo(sampling);
    }
    assertThat(new TimeSampling.LowDiscrepancy()).hasToString("low-discrepancy");
    assertThat(new TimeSampling.Independent()).hasToString("independent");
    assertThat(TimeSampling.parse("stratified")).hasToString("low-discrepancy");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeSampling.parse("even"))
        .withMessage("time sampling must be low-discrepancy or independent: even");
  }

  private static double[] filled(int size, double value) {
    double[] all = new double[size];
    Arrays.fill(all, value);
    return all;
  }
}
