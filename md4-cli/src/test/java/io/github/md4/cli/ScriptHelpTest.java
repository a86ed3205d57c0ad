// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --help} of every script. */
@Tag("exact")
final class ScriptHelpTest {
  @TempDir private Path folder;

  /** The head of a script is its help; nothing is begun. */
  @Test
  void help_isTheHeadOfTheScript() throws Exception {
    for (Path script : ScriptsTest.all()) {
      for (String option : List.of("--help", "-h")) {
        ProcessBuilder builder =
            new ProcessBuilder(script.toString(), option).directory(folder.toFile());
        builder.environment().put("MD4", "/nowhere/md4");
        Process process = builder.redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s %s: %s", script, option, out).isZero();
        assertThat(out.lines())
            .as("" + script)
            .isNotEmpty()
            .containsExactlyElementsOf(head(script));
      }
    }
    assertThat(folder).isEmptyDirectory();
  }

  /** Returns the comment at the head of a script, without lines for Slurm. */
  private static List<String> head(Path script) throws IOException {
    return Files.readAllLines(script).stream()
        .skip(2) // the shell and the licence
        .takeWhile(line -> line.startsWith("#"))
        .filter(line -> line.equals("#") || line.startsWith("# "))
        .map(line -> line.replaceFirst("^# ?", ""))
        .toList();
  }
}
