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
    assertThat(ring.suits(250, 5)).isTrue(); // FusedLengthsGpuTest
    assertThat(ring.suits(1000, 1)).isTrue();
    assertThat(ring.suits(700, 32)).isFalse();
    assertThat(ring.suits(257, 512)).isFalse();
    assertThat(ring.suits(1025, 32)).isFalse();
    assertThat(ring.suits(256, 1)).isFalse();
  }

  @Test
  void withoutDropoutClustersOfTwoAreNotUsed() {
    HopperAttentionRing ring = ring(64, 12, false, false).orElseThrow();
    assertThat(ring.suits(256, 512)).isFalse();
    assertThat(ring.suits(512, 64)).isTrue();
    assertThat(ring.suits(1024, 32)).isTrue();
  }

  /** 15 clusters of eight or 30 of four leave 12 of 132 multiprocessors without work. */
  @Test
  void multiprocessorsOutsideOfClustersTakeWholeHeadsWhileClustersWork() {
    assertThat(HopperAttentionRing.Share.of(384, 15, 8, 12).heads()).isEqualTo(384 - 2 * 12);
    assertThat(HopperAttentionRing.Share.of(512, 15, 8, 12).heads()).isEqualTo(512 - 3 * 12);
    assertThat(HopperAttentionRing.Share.of(768, 30, 4, 12).heads()).isEqualTo(768 - 4 * 12);
    assertThat(HopperAttentionRing.Share.of(16, 15, 8, 12).heads()).isEqualTo(16);
    assertThat(HopperAttentionRing.Share.of(512, 16, 8, 0).heads()).isEqualTo(512);
  }

  @Test
  void networksItIsNotMadeForHaveNone() {
    assertThat(ring(128, 12, false, true)).isEmpty();
    assertThat(ring(64, 4, false, true)).isEmpty();
    assertThat(ring(64, 12, true, true)).isEmpty();
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
