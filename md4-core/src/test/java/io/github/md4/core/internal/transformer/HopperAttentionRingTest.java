// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where {@link HopperAttentionRing} is chosen. */
final class HopperAttentionRingTest {
  private static final int MULTIPROCESSORS = 132;

  @Test
  void keysNearlyFillAClusterAndHeadsTheClusters() {
    HopperAttentionRing ring = ring(64, 12, false, true).orElseThrow();
    assertThat(ring.suits(256, 512)).isTrue();
    assertThat(ring.suits(512, 64)).isTrue();
    assertThat(ring.suits(1024, 32)).isTrue();
    assertThat(ring.suits(900, 32)).isTrue();
    assertThat(ring.suits(700, 32)).isFalse();
    assertThat(ring.suits(257, 512)).isFalse();
    assertThat(ring.suits(1025, 32)).isFalse();
    assertThat(ring.suits(256, 1)).isFalse();
  }

  @Test
  void networksItIsNotMadeForHaveNone() {
    assertThat(ring(128, 12, false, true)).isEmpty();
    assertThat(ring(64, 4, false, true)).isEmpty();
    assertThat(ring(64, 12, true, true)).isEmpty();
    assertThat(ring(64, 12, false, false)).isEmpty();
  }

  private static Optional<HopperAttentionRing> ring(
      int width, int keyValueHeads, boolean isCausal, boolean isDropped) {
    return HopperAttentionRing.of(
        blocks -> {
          throw new AssertionError("compiled");
        },
        new TransformerKernels.Options(
            Precision.BFLOAT16, Activation.GLU, 12, keyValueHeads, width, isCausal, 1e-5),
        isDropped,
        MULTIPROCESSORS);
  }
}
