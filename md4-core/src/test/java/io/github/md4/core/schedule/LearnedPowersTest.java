// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.schedule.LearnedPowers.Sharing;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class LearnedPowersTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "learned|learned(1)",
        "learned(1)|learned(1)",
        " learned( 0.50 ) |learned(0.5)",
        "learned(2e-3,shared)|learned(0.002, shared)",
        "learned(1, shared )|learned(1, shared)",
        "polynomial(3)|polynomial(3)",
        "linear|linear"
      })
  void parse_readsTheCanonicalForm(String text, String canonical) {
    ScheduleConfig schedule = ScheduleConfig.parse(text);
    assertThat(schedule).hasToString(canonical);
    assertThat(ScheduleConfig.parse(canonical)).isEqualTo(schedule);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "learned()",
        "learned(a)",
        "learned(1, all)",
        "learned(1",
        "learned(1, 2)",
        "learnt"
      })
  void parse_namesTheValidForms(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScheduleConfig.parse(text))
        .withMessageContaining("learned(POWER)")
        .withMessageEndingWith(": " + text);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1001, Double.NaN})
  void powers_rejectAStartOutOfBounds(double initial) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LearnedPowers(initial, Sharing.NONE))
        .withMessageContaining("initial power must be above 0 and at most 1000: " + initial);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-3, 0.5, 1, 3, 100})
  void initialRaw_leadsToTheInitialPower(double initial) {
    float raw = new LearnedPowers(initial, Sharing.NONE).initialRaw();
    double power = GenMd4Schedule.ofRaw(new float[] {raw}, 1, 0).power(0);
    assertThat(power)
        .isCloseTo(initial, within(1e-6 * initial)); // raw is float32, near ln(initial)
  }

  @Test
  void initialRawOfOne_isThatOfTheReference() {
    assertThat(new LearnedPowers(1, Sharing.NONE).initialRaw()).isEqualTo(0.541325f, within(1e-6f));
  }

  @Test
  void parameterCount_isOfTheTokensOrOne() {
    assertThat(ScheduleConfig.parse("learned").parameterCount(27)).isEqualTo(27);
    assertThat(ScheduleConfig.parse("learned(1, shared)").parameterCount(27)).isEqualTo(1);
    assertThat(ScheduleConfig.parse("linear").parameterCount(27)).isEqualTo(0);
  }

  @Test
  void match_tellsTheTwoApart() {
    assertThat(
            ScheduleConfig.parse("learned")
                .<Boolean>match(curve -> false, powers -> true, noise -> false))
        .isTrue();
    assertThat(
            ScheduleConfig.parse("cosine")
                .<Boolean>match(curve -> false, powers -> true, noise -> false))
        .isFalse();
    assertThat(ScheduleConfig.parse("cosine").starting(5, 1e-4))
        .isEqualTo(new MaskingSchedule(new Curve.Cosine(), 1e-4));
    assertThat(ScheduleConfig.parse("learned").starting(5, 1e-4))
        .isInstanceOf(GenMd4Schedule.class);
  }
}
