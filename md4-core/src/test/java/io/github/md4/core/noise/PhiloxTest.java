// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.noise;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class PhiloxTest {

  /** The known-answer vectors published with the Random123 library for philox4x32-10. */
  @Test
  void scramble_isThePublishedVectors() {
    assertVector(new int[] {0, 0, 0, 0}, 0L, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertVector(new int[] {-1, -1, -1, -1}, -1L, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertVector(
        new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
        0x299f31d0_a4093822L,
        0xd16cfe09,
        0x94fdcceb,
        0x5001e420,
        0x24126ea1);
  }

  private static void assertVector(int[] counter, long key, int... expected) {
    Philox.scramble(counter, key);
    assertThat(counter).containsExactly(expected);
  }

  /** Counts around whole blocks and whole chunks of blocks. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 7, 508, 511, 512, 513, 515, 516, 1024, 1541})
  void blocks_areThoseOfOneCounterAfterAnother(int count) {
    long key = 0x299f31d0_a4093822L;
    int[] words = new int[count];
    new PhiloxBlocks(-5, 0x13198a2e, -1, key).fill(words);
    for (int first = 0; first < count; first += 4) {
      int[] block = {first / 4, -5, 0x13198a2e, -1};
      Philox.scramble(block, key);
      for (int i = first; i < Math.min(first + 4, count); i++) {
        assertThat(words[i]).isEqualTo(block[i - first]);
      }
    }
  }
}
