// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.cli.support.ExitCodes;
import io.github.md4.train.Checkpoints;
import io.github.md4.train.Checkpoints.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk of little room, where this process may mount one: as root on Linux. */
final class FullDiskTest {
  private static final String FULL = "the disk is full: No space left on device";

  @TempDir private Path folder;
  private Path disk;
  private TinyTraining tiny;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    tiny = TinyTraining.prepare(folder);
    disk = Files.createDirectory(folder.resolve("disk"));
    // For one checkpoint of a tiny run, and not for two.
    String[] mount = {"mount", "-t", "tmpfs", "-o", "size=112k", "tmpfs", disk.toString()};
    assumeTrue(Files.exists(Path.of("/proc/self/mounts")), "no Linux");
    assumeTrue(succeeds(mount), "this process may not mount a small disk");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (Files.readString(Path.of("/proc/self/mounts")).contains(" " + disk + " ")) {
      // Lazily: weights that were read stay mapped until they are collected.
      assertThat(succeeds("umount", "-l", disk.toString())).isTrue();
    }
  }

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor() == 0;
  }

  private Ran train(String... more) {
    String[] overrides = {
      "--set", "run=" + disk.resolve("run"),
      "--set", "checkpoints.every=3",
      "--set", "checkpoints.keepLast=2",
      "--set", "evaluation.every=0",
      "--set", "sampling.count=0"
    };
    return tiny.train(Stream.of(overrides, more).flatMap(Stream::of).toArray(String[]::new));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.walk(disk)) {
      return paths.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void train_keepsTheCheckpointBeforeAndGoesOnWhenThereIsRoom() throws Exception {
    train().failed(ExitCodes.FAILURE, FULL);
    Path checkpoints = disk.resolve("run/checkpoints");
    assertThat(Checkpoints.in(checkpoints)).extracting(Checkpoint::step).containsExactly(3L);
    assertThat(checkpoints).isDirectoryNotContaining("glob:**/.*");
    Ran.md4("sample", "--device", "cpu", "--model", disk.resolve("run"), "--count", 1).check();
    assertThat(succeeds("mount", "-o", "remount,size=2m", disk.toString())).isTrue();
    assertThat(train("--resume").succeeded().out()).contains("step 12: ");
    assertThat(Checkpoints.in(checkpoints)).extracting(Checkpoint::step).containsExactly(9L, 12L);
  }

  @Test
  void data_leaveNothing() throws IOException {
    Ran.md4("data", "quickstart", "--out", disk.resolve("data")).failed(ExitCodes.FAILURE, FULL);
    assertThat(files()).isEmpty();
  }
}
