// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.cuda.KernelCache.Text;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The turns of processes that need the same kernel. */
@Tag("exact")
@Timeout(60)
final class KernelTurnTest {
  private static final int PROCESSES = 4;

  @TempDir private Path parent;

  private Path log() {
    return parent.resolve("log");
  }

  /** Each would compile for longer than it takes the others to begin. */
  @Test
  void processesThatStartAtOnce_compileOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int p = 0; p < PROCESSES; p++) {
      processes.add(start("compile"));
    }
    for (Process process : processes) {
      ends(process);
    }
    assertThat(Files.readAllLines(log())).containsExactly("compiled");
    assertThat(KernelCache.contents(folder()).entries()).isEqualTo(1);
    assertThat(folder().toFile().list()).hasSize(1);
  }

  /** Its lock goes with it, and the file that it left is nobody's. */
  @Test
  void processThatIsKilled_leavesTheTurnToOthers() throws Exception {
    Process killed = start("hang");
    assertThat(killed.inputReader().readLine()).isEqualTo("compiling");
    killed.destroyForcibly().waitFor();
    ends(start("compile"));
    assertThat(Files.readAllLines(log())).containsExactly("compiled");
  }

  @Test
  void processThatDoesNotGoOn_isNotWaitedForLonger() throws Exception {
    Path file = parent.resolve("turn");
    try (KernelTurn first = KernelTurn.await(file);
        KernelTurn second = KernelTurn.await(file, Duration.ofMillis(100))) {
      assertThat(second).isNotSameAs(first);
      assertThat(file).exists();
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void folderThatCannotBe_letsEverybodyCompile() throws IOException {
    Path noFolder = Files.createFile(parent.resolve("file"));
    try (KernelTurn turn = KernelTurn.await(noFolder.resolve("turn"))) {
      assertThat(turn).isNotNull();
      assertThat(noFolder).isRegularFile();
    }
  }

  private Path folder() {
    return parent.resolve("kernels");
  }

  private Process start(String what) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            Compiling.class.getName(),
            what,
            folder().toString(),
            log().toString())
        .redirectErrorStream(true)
        .start();
  }

  private static void ends(Process process) throws Exception {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  /** A process that needs one kernel. */
  static final class Compiling {
    private Compiling() {}

    public static void main(String... arguments) {
      boolean hangs = arguments[0].equals("hang");
      KernelCache cache = new KernelCache(Path.of(arguments[1]), System.out::println);
      Path log = Path.of(arguments[2]);
      byte[] unused =
          cache.code(
              new Text("compiler", "source", List.of()),
              () -> {
                System.out.println("compiling");
                pause(hangs ? 60_000 : 2_000);
                write(log);
                return new byte[] {1, 2, 3};
              });
    }

    private static void write(Path log) {
      try {
        Files.writeString(log, "compiled\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void pause(long milliseconds) {
      try {
        Thread.sleep(milliseconds);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
