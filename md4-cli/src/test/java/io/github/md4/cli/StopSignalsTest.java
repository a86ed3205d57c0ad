// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.screen.Screen;
import io.github.md4.cli.trace.Ink;
import io.github.md4.cli.trace.TerminalPlayer;
import io.github.md4.sample.trace.TraceReader;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals to commands that have nothing to save. */
@Timeout(120)
final class StopSignalsTest {
  @TempDir private Path folder;

  /** Plays a trace as {@code md4 trace} does in a terminal. */
  static final class Player {
    public static void main(String[] args) throws Exception {
      StopSignals.endTheProcess();
      TerminalPlayer player =
          new TerminalPlayer(
              Screen.take().out(),
              new Ink.Plain(),
              TraceReader.read(Path.of(args[0])).histories().get(0),
              "");
      player.play(600_000, 80);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void sample_ofABillionTextsStreamsAndEndsWith130(String signal) throws Exception {
    InterruptsTest.assumeHeard(signal);
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    String[] words =
        ("sample --device cpu --count 1000000000 --steps 2 --json --model " + model).split(" ");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words)) {
      for (int i = 0; i < 100; i++) {
        assertThat(child.line()).startsWith("{\"formatVersion\":1,\"index\":" + i + ",");
      }
      child.signal(signal);
      assertThat(child.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
    }
  }

  @Test
  void trace_givesTheCursorBack() throws Exception {
    InterruptsTest.assumeHeard("INT");
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    Path trace = folder.resolve("a.ndjson");
    Ran sampled =
        Ran.md4(
            Ran.words("sample --device cpu --count 1 --steps 2 --model", model, "--trace", trace));
    assertThat(sampled.code()).isZero();
    try (ChildJvm child = ChildJvm.start(Player.class, Map.of(), trace.toString())) {
      assertThat(child.line()).startsWith("\u001b[?25l");
      assertThat(child.line()).isNotNull();
      child.signal("INT");
      assertThat(child.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
      assertThat(child.line()).isEqualTo("\u001b[?25h");
    }
  }
}
