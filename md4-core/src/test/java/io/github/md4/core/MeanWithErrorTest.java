// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class MeanWithErrorTest {

  @Test
  void standardError_isThatOfIndependentValues() {
    MeanWithError ours = MeanWithError.of(new double[] {1, 2, 6});
    assertThat(ours.mean()).isEqualTo(3);
    // Squared deviations of 4, 1 and 9 over two degrees of freedom and three values.
    assertThat(ours.standardError()).isCloseTo(Math.sqrt(14.0 / 2 / 3), within(1e-15));
    assertThat(MeanWithError.of(new double[] {5})).isEqualTo(new MeanWithError(5, Double.NaN));
  }
}
