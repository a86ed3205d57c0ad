// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class TimeEmbeddingTest {

  /** Of a width of 10 the frequencies are powers of ten: 1, 1/10, 1/100, 1/1000 and 1/10000. */
  @Test
  void of_hasTheFrequenciesOfTheReference() {
    double t = 0.734;
    float[] features = TimeEmbedding.of(t, 10);
    for (int k = 0; k < 5; k++) {
      double angle = 734 / Math.pow(10, k);
      assertThat((double) features[k]).as("%d", k).isCloseTo(Math.sin(angle), within(1e-7));
      assertThat((double) features[5 + k]).as("%d", k).isCloseTo(Math.cos(angle), within(1e-7));
    }
  }

  @Test
  void of_oddWidthEndsInZero() {
    float[] even = TimeEmbedding.of(new double[] {0.2, 0.9}, 4);
    float[] odd = TimeEmbedding.of(new double[] {0.2, 0.9}, 5);
    assertThat(odd)
        .containsExactly(
            even[0], even[1], even[2], even[3], 0, even[4], even[5], even[6], even[7], 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimeEmbedding.of(0.5, 3))
        .withMessage("width must be at least 4: 3");
  }
}
