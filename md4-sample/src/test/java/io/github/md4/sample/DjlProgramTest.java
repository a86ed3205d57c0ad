// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.PageProgram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/djl.md that trains a block of DJL's, as it stands on the page. */
@Tag("slow")
final class DjlProgramTest {
  @Test
  void program_trainsSamplesAndScores(@TempDir Path folder) throws Exception {
    PageProgram program = PageProgram.of("djl.md", "DjlProgram", folder);
    check(program.run());
    check(program.shownOutput());
  }

  private static void check(List<String> printed) {
    assertThat(printed).hasSize(5);
    assertThat(printed.subList(0, 3)).allMatch("abcdeabcdeabcde"::contains);
    assertThat(printed.get(3)).isEqualTo("abcdeab");
    // One of five sequences: 0.33 bits per token.
    assertThat(Double.parseDouble(printed.get(4))).isBetween(0.2, 0.6);
  }
}
