// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.PageProgram;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/djl.md that need no folder of a model, as they stand on the page. */
@Tag("slow")
final class DjlProgramTest {
  @Test
  void program_trainsSamplesAndScores(@TempDir Path folder) throws Exception {
    PageProgram program = PageProgram.of("djl.md", "DjlProgram", folder);
    check(program.run());
    check(program.shownOutput());
  }

  @Test
  void process_masksWeighsAndSteps(@TempDir Path folder) throws Exception {
    PageProgram program = PageProgram.of("djl.md", "ProcessProgram", folder);
    List<String> printed = program.run();
    assertThat(printed).hasSameSizeAs(program.shownOutput());
    for (int i = 0; i < printed.size(); i++) {
      String shown = program.shownOutput().get(i);
      assertThat(printed.get(i)).startsWith(shown.substring(0, shown.indexOf('[')));
      // Ids are equal; the last digit of a logarithm is the machine's.
      assertThat(numbers(printed.get(i))).containsExactly(numbers(shown), within(1e-5));
    }
  }

  private static double[] numbers(String line) {
    String list = line.substring(line.indexOf('[') + 1, line.indexOf(']'));
    return Stream.of(list.split(", ")).mapToDouble(Double::parseDouble).toArray();
  }

  private static void check(List<String> printed) {
    assertThat(printed).hasSize(5);
    assertThat(printed.subList(0, 3)).allMatch("abcdeabcdeabcde"::contains);
    assertThat(printed.get(3)).isEqualTo("abcdeab");
    // One of five sequences: 0.33 bits per token.
    assertThat(Double.parseDouble(printed.get(4))).isBetween(0.2, 0.6);
  }
}
