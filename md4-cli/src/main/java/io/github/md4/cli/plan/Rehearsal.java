// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.launch.ChildCommand;
import io.github.md4.core.internal.text.Counted;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Trials in processes of their own. The memory of a process depends on all that it did before: one
 * that does nothing but the trial has at its peak what a training has.
 *
 * @param words those behind md4 that started the plan
 */
record Rehearsal(List<String> words) {
  static final String OPTION = "--rehearse";
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Tries the training in a new process.
   *
   * @param examples of a step
   * @param seconds of the steps
   * @throws FailedException if the process fails and has told why
   * @throws IOException if it ends otherwise
   */
  Findings of(int examples, int seconds) throws IOException {
    List<String> command = new ArrayList<>(words);
    command.addAll(List.of(OPTION, examples + "," + seconds));
    Process process = ChildCommand.builder(command).start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String told = out.readLine();
      long start = System.nanoTime();
      int code = process.waitFor();
      if (code >= ExitCodes.FAILURE && code <= ExitCodes.DIVERGED) {
        throw new FailedException(code);
      }
      if (code != 0) {
        throw new IOException(
            "the trial with %s a step has ended with exit code %d"
                .formatted(Counted.of(examples, "example"), code));
      }
      return JSON.readValue(told, Findings.class).ended((System.nanoTime() - start) * 1e-9);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the trial was interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The failure of a trial, whose process has told the reason on stderr. */
  static final class FailedException extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;

    /**
     * @param code the exit code of the process
     */
    FailedException(int code) {
      super("the trial has ended with exit code " + code);
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** Returns the line by which a process tells its findings. */
  static String line(Findings findings) {
    try {
      return JSON.writeValueAsString(findings);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("findings are numbers", e);
    }
  }
}
