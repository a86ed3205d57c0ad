// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class ClaimsTest {
  private static Claims claims(String device, String version, String config, String data) {
    return new Claims("process 7 on here", device, version, config, data);
  }

  private static final Claims FIRST = claims("", "md4 1", "a: 1\nb: 2", "0123456789abcdef");

  private static void assertContradiction(int code, String text, Claims first, Claims other) {
    assertThat(Claims.contradiction(List.of(first, first, other)))
        .contains(new JobFailure("rank 2 (process 7 on here) " + text, code, true));
  }

  @Test
  void contradiction_namesTheRankAndTheFirstDifference() {
    assertThat(Claims.contradiction(List.of(FIRST, FIRST, FIRST))).isEmpty();
    assertContradiction(
        2,
        "has another configuration than rank 0: 'b: 3', 'b: 2'",
        FIRST,
        claims("", "md4 1", "a: 1\nb: 3", "0123456789abcdef"));
    assertContradiction(
        2, "runs md4 2, rank 0 runs md4 1", FIRST, claims("", "md4 2", "a: 1\nb: 2", "0"));
    assertContradiction(
        3,
        "reads other data, or another model, than rank 0 (SHA-256 00, 0123456789ab)",
        FIRST,
        claims("", "md4 1", "a: 1\nb: 2", "00"));
    assertContradiction(
        4,
        "runs on a GPU, rank 0 on a CPU; give each process a GPU, or none",
        FIRST,
        FIRST.withDevice("x"));
  }

  @Test
  void contradiction_findsTwoRanksOnOneGpu() {
    List<Claims> all = List.of(FIRST.withDevice("x"), FIRST.withDevice("y"), FIRST.withDevice("y"));
    assertThat(Claims.contradiction(all).orElseThrow().text())
        .isEqualTo(
            "rank 2 (process 7 on here) has the same GPU as rank 1; give each process its own"
                + " (LOCAL_RANK chooses it)");
  }

  @Test
  void read_readsWhatIsWritten() throws IOException {
    assertThat(Claims.read(FIRST.bytes())).isEqualTo(FIRST);
  }
}
