// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class BoundaryTermsTest {
  private static final MaskingSchedule LINEAR = new MaskingSchedule(new Curve.Linear());

  @Test
  void reconstruction_isThatOfThePublishedVocabularies() {
    // Bits per token of text8 and OpenWebText, printed to five digits.
    assertThat(BoundaryTerms.reconstruction(LINEAR, 27) / Math.log(2))
        .isEqualTo(4.755e-4, within(5e-8));
    assertThat(BoundaryTerms.reconstruction(LINEAR, 50_257)).isEqualTo(1.0825e-3, within(5e-8));
    assertThat(BoundaryTerms.reconstruction(LINEAR, 256) / Math.log(2))
        .isEqualTo(8e-4, within(1e-17));
  }

  @Test
  void terms_differWhereTheEndsOfTheCurveDo() {
    assertThat(BoundaryTerms.prior(LINEAR, 7)).isEqualTo(1e-4 * Math.log(7), within(1e-18));
    MaskingSchedule geometric = new MaskingSchedule(new Curve.Geometric(0.1, 2), 0);
    assertThat(BoundaryTerms.reconstruction(geometric, 7))
        .isEqualTo((1 - Math.exp(-0.1)) * Math.log(7), within(1e-15));
    assertThat(BoundaryTerms.prior(geometric, 7))
        .isEqualTo(Math.exp(-2) * Math.log(7), within(1e-15));
  }

  @Test
  void terms_rejectEmptyVocabulary() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BoundaryTerms.reconstruction(LINEAR, 0))
        .withMessage("vocabularySize must be at least 1: 0");
  }

  @Test
  void terms_ofASingleTokenAreZero() {
    assertThat(BoundaryTerms.reconstruction(LINEAR, 1)).isZero();
    assertThat(BoundaryTerms.prior(LINEAR, 1)).isZero();
  }
}
