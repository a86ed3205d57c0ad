// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;

/** A shell that runs one line of program after another, so that it starts only once. */
final class OpenShell implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The last line of what a program prints, before its exit status. */
  private static final String END = "end of program: ";

  private final Process process;
  private final Writer programs;
  private final BufferedReader answers;

  private OpenShell(Process process) {
    this.process = process;
    this.programs = process.outputWriter(UTF_8);
    this.answers = process.inputReader(UTF_8);
  }

  /** Starts a shell, which runs {@code prologue} before all other programs. */
  static OpenShell start(String shell, String prologue) throws IOException {
    // In bash a program changes nothing for the next one.
    String loop =
        switch (shell) {
          case "fish" -> "while read program; eval $program; echo \"END$status\"; end";
          case "zsh" -> "while IFS= read -r program; do eval \"$program\"; echo \"END$?\"; done";
          default -> "while IFS= read -r program; do (eval \"$program\"); echo \"END$?\"; done";
        };
    return new OpenShell(
        new ProcessBuilder(shell, "-c", prologue + "\n" + loop.replace("END", END))
            .redirectErrorStream(true)
            .start());
  }

  /** Returns what a program of one line prints; throws unless it ends well, and in time. */
  String run(String program) {
    try {
      return assertTimeoutPreemptively(PATIENCE, () -> answer(program));
    } catch (AssertionError e) {
      process.destroyForcibly(); // so that no later program is given this one's answer
      throw e;
    }
  }

  private String answer(String program) throws IOException {
    programs.write(program + "\n");
    programs.flush();
    StringBuilder printed = new StringBuilder();
    String line = answers.readLine();
    while (line != null && !line.startsWith(END)) {
      printed.append(line).append('\n');
      line = answers.readLine();
    }
    assertThat(line).as("%s", printed).isEqualTo(END + 0);
    return printed.toString();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
