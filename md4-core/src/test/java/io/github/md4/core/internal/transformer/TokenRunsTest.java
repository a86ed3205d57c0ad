// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("naive")
final class TokenRunsTest {
  private static final int LONGEST = 32;

  /** From every token often to most tokens never; token 0 never. */
  @ParameterizedTest
  @ValueSource(ints = {2, 5, 211})
  void onHost_hasEachPositionOnceInARunOfItsToken(int vocabulary) {
    Random random = new Random(3);
    int[] zt = random.ints(331, 1, vocabulary).toArray();
    TokenRuns.OnHost host = TokenRuns.OnHost.of(zt, vocabulary);
    assertThat(host.zt()).isSameAs(zt);
    assertThat(Arrays.stream(host.order()).sorted()).hasSize(331).doesNotHaveDuplicates();
    assertThat(host.starts()).hasSize(host.tokens().length + 1).startsWith(0).endsWith(331);
    for (int run = 0; run < host.tokens().length; run++) {
      int first = host.starts()[run];
      int end = host.starts()[run + 1];
      assertThat(end - first).isBetween(1, LONGEST);
      for (int i = first; i < end; i++) {
        assertThat(zt[host.order()[i]]).isEqualTo(host.tokens()[run]);
      }
    }
  }
}
