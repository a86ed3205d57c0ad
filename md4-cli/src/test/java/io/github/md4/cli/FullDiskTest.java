// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.Checkpoints.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk of little room, where this process may mount one: as root on Linux. */
final class FullDiskTest {
  private static final String LEFT = ": No space left on device";

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

  private static String full(Path file) {
    return "the disk is full: " + file;
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
    Path checkpoints = disk.resolve("run/checkpoints");
    train().failed(ExitCodes.FAILURE, full(checkpoints), "step-6/", LEFT);
    assertThat(Checkpoints.in(checkpoints)).extracting(Checkpoint::step).containsExactly(3L);
    assertThat(checkpoints).isDirectoryNotContaining("glob:**/.*");
    Ran.md4("sample", "--device", "cpu", "--model", disk.resolve("run"), "--count", 1).check();
    assertThat(succeeds("mount", "-o", "remount,size=2m", disk.toString())).isTrue();
    assertThat(train("--resume").succeeded().out()).contains("step 12: ");
    assertThat(Checkpoints.in(checkpoints)).extracting(Checkpoint::step).containsExactly(9L, 12L);
  }

  /** What the run cannot write at its end is refused at its start. */
  @Test
  void train_isRefusedWhereItsFirstCheckpointHasNoRoom() throws Exception {
    for (String[] more : new String[][] {{}, {"--dry-run"}}) {
      String[] wide = {"--set", "model.network.headWidth=32"};
      String[] words = Stream.of(wide, more).flatMap(Stream::of).toArray(String[]::new);
      train(words)
          .failed(
              ExitCodes.FAILURE,
              disk.resolve("run") + ": its first checkpoint and model need ",
              " KiB are free; make room, or name another folder, --set run=DIR");
      assertThat(files()).isEmpty();
    }
  }

  /** Each output, on a disk without any room: named, and what was there before stays. */
  @Test
  void outputs_areNamedAndWhatWasThereStays() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    Path text = Files.writeString(folder.resolve("text.txt"), "abc def ".repeat(600));
    Path data = folder.resolve("abc");
    Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    Path trace = folder.resolve("a.ndjson");
    String drawn = "sample --device cpu --count 1 --steps 2 --model";
    Ran.md4(Ran.words(drawn, model, "--trace", trace)).check();
    String scored = "evaluate --device cpu --chunks 2 --model";
    Object[][] calls = {
      Ran.words(drawn, model, "--report"),
      Ran.words(scored, model, "--data", data.resolve("valid.bin"), "--csv"),
      Ran.words(scored, model, "--data", data.resolve("valid.bin"), "--losses"),
      Ran.words("schedule --plot"),
      Ran.words("trace", trace, "--html"),
      Ran.words("trace", trace, "--plot"),
    };
    Path output = Files.writeString(disk.resolve("output"), "old");
    Path rest = disk.resolve("rest");
    assertThatThrownBy(() -> Files.write(rest, new byte[1 << 20])).isInstanceOf(IOException.class);
    for (Object[] call : calls) {
      Object[] words = Stream.concat(Stream.of(call), Stream.of(output)).toArray();
      Ran ran = Ran.md4(words);
      assertThat(ran.err())
          .as(Arrays.toString(words))
          .isEqualTo("md4: " + full(output) + LEFT + "\n");
      assertThat(ran.code()).isEqualTo(ExitCodes.FAILURE);
      assertThat(output).hasContent("old");
      assertThat(files()).containsExactlyInAnyOrder(output, rest);
    }
    Path streamed = disk.resolve("a.ndjson"); // as samples are drawn, so what there is stays
    Ran ran = Ran.md4(Ran.words(drawn, model, "--trace", streamed));
    assertThat(ran.err()).isEqualTo("md4: " + full(streamed) + LEFT + "\n");
    assertThat(ran.code()).isEqualTo(ExitCodes.FAILURE);
  }

  /** The same words for a file, for data and for a training. */
  @Test
  void readOnlyDisk_isToldInOneLine() throws Exception {
    assertThat(succeeds("mount", "-o", "remount,ro", disk.toString())).isTrue();
    String denied = ": permission denied: the file system is read-only\n";
    Path plot = disk.resolve("a.png");
    assertThat(Ran.md4("schedule", "--plot", plot))
        .isEqualTo(new Ran(ExitCodes.FAILURE, "", "md4: " + plot + denied, "", ""));
    Path data = disk.resolve("data");
    Ran.md4("data", "quickstart", "--out", data).failed(ExitCodes.FAILURE, "" + data, denied);
    train().failed(ExitCodes.FAILURE, "" + disk.resolve("run"), denied);
  }

  /** The trial's process tells why; that it has ended says no more. */
  @Test
  void plan_tellsTheReasonOfItsTrialAlone() throws Exception {
    Path run = disk.resolve("run");
    assertThatThrownBy(() -> Files.write(disk.resolve("rest"), new byte[1 << 20]))
        .isInstanceOf(IOException.class);
    String[] words = tiny.words("--seconds", "1", "--set", "run=" + run);
    words[0] = "plan";
    try (ChildJvm plan = ChildJvm.start(Main.class, Map.of(), words)) {
      assertThat(plan.line()).isNull();
      assertThat(plan.exitCode()).isEqualTo(ExitCodes.FAILURE);
      assertThat(plan.err())
          .startsWith("trying the training for 1 s ...\nmd4: " + full(run))
          .endsWith(LEFT + "\n")
          .hasLineCount(2);
    }
  }

  @Test
  void data_leaveNothing() throws IOException {
    Path data = disk.resolve("data");
    Ran.md4("data", "quickstart", "--out", data).failed(ExitCodes.FAILURE, full(data));
    assertThat(files()).isEmpty();
  }
}
