// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.screen.Screen;
import io.github.md4.cli.train.Interrupts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InterruptsTest {

  /** Loops until told to stop; saves, which takes the milliseconds given; says each thing done. */
  static final class Loop {
    public static void main(String[] args) throws InterruptedException {
      PrintWriter err = Screen.take().err();
      try (Interrupts interrupts = Interrupts.listen(err)) {
        System.out.println("looping");
        while (!interrupts.requested()) {
          Thread.sleep(5);
        }
        System.out.println("saving");
        Thread.sleep(Long.parseLong(args[0]));
        System.out.println("saved");
      }
      System.exit(ExitCodes.INTERRUPTED);
    }
  }

  /** Stops listening, then waits. */
  static final class Deaf {
    public static void main(String[] args) throws InterruptedException {
      Interrupts.listen(Screen.take().err()).close();
      System.out.println("waiting");
      Thread.sleep(Long.parseLong(args[0]));
    }
  }

  /** A background job of a shell ignores SIGINT, its children too, and Java then lets it be. */
  static void assumeHeard(String signal) throws IOException {
    int bit = Map.of("HUP", 0, "INT", 1, "TERM", 14).get(signal);
    Path status = Path.of("/proc/self/status");
    boolean ignored =
        Files.exists(status)
            && Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .map(line -> new BigInteger(line.substring(7).strip(), 16))
                .anyMatch(mask -> mask.testBit(bit));
    assumeFalse(ignored, "SIG" + signal + " is ignored in this process and so in its children");
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void signal_letsTheLoopSaveAndExitWith130(String signal) throws Exception {
    assumeHeard(signal);
    try (ChildJvm child = ChildJvm.start(Loop.class, Map.of(), "50")) {
      assertThat(child.line()).isEqualTo("looping");
      child.signal(signal);
      assertThat(child.line()).isEqualTo("saving");
      assertThat(child.line()).isEqualTo("saved");
      assertThat(child.exitCode()).isEqualTo(130);
      assertThat(child.err())
          .isEqualTo("md4: stopping after this step; a second signal stops at once\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"INT, INT", "TERM, INT", "TERM, TERM"})
  void secondSignal_stopsAtOnce(String first, String second) throws Exception {
    assumeHeard(first);
    assumeHeard(second);
    try (ChildJvm child = ChildJvm.start(Loop.class, Map.of(), "600000")) {
      assertThat(child.line()).isEqualTo("looping");
      child.signal(first);
      assertThat(child.line()).isEqualTo("saving");
      Thread.sleep(400);
      child.signal(second);
      assertThat(child.exitCode()).isEqualTo(130);
      assertThat(child.line()).isNull();
    }
  }

  @Test
  void signal_thatAGroupHandsOnIsOne() throws Exception {
    assumeHeard("TERM");
    try (ChildJvm child = ChildJvm.start(Loop.class, Map.of(), "500")) {
      assertThat(child.line()).isEqualTo("looping");
      child.signal("TERM");
      child.signal("TERM");
      assertThat(child.line()).isEqualTo("saving");
      assertThat(child.line()).isEqualTo("saved");
      assertThat(child.exitCode()).isEqualTo(130);
    }
  }

  @Test
  void close_letsASignalEndTheProcess() throws Exception {
    assumeHeard("TERM");
    try (ChildJvm child = ChildJvm.start(Deaf.class, Map.of(), "600000")) {
      assertThat(child.line()).isEqualTo("waiting");
      child.signal("TERM");
      assertThat(child.exitCode()).isEqualTo(143);
    }
  }

  @Test
  void requested_isFalseWithoutASignal() {
    StringWriter err = new StringWriter();
    try (Interrupts interrupts = Interrupts.listen(new PrintWriter(err))) {
      assertThat(Objects.requireNonNull(interrupts).requested()).isFalse();
    }
    assertThat(err.toString()).isEmpty();
  }
}
