// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a run refuses before its first step, a dry run refuses with the same words. */
final class DryRunTest {
  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  @Test
  void validShorterThanASequence_isRefused() throws IOException {
    Path lines = Files.writeString(folder.resolve("short.txt"), "abc de fgh ".repeat(20));
    Ran made =
        Ran.md4(
            Ran.words(
                "data text --vocabulary chars --out", folder.resolve("few"), "--from", lines));
    assertThat(made.code()).isZero(); // with a note that valid is short
    refused(
        3,
        "few/valid.bin: is too short: 11 tokens where one sequence takes 16",
        "--set",
        evaluate("few/valid.bin"));
  }

  @Test
  void validOfAnotherVocabulary_isRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("other.txt"), "xyz uvw ".repeat(600));
    Ran.md4(
            Ran.words(
                "data text --vocabulary chars --out", folder.resolve("other"), "--from", text))
        .check();
    refused(3, "has another vocabulary than data.train", "--set", evaluate("other/valid.bin"));
  }

  @Test
  void validWithoutItsDescription_isRefused() throws IOException {
    Files.delete(tiny.data("valid.json"));
    refused(3, "has another vocabulary than data.train");
  }

  @Test
  void validWithOneByteLess_isRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(tiny.data("valid.bin"));
    Files.write(tiny.data("valid.bin"), Arrays.copyOf(bytes, bytes.length - 1));
    refused(3, "valid.bin: ");
  }

  @Test
  void validThatIsAbsent_isRefused() throws IOException {
    Files.delete(tiny.data("valid.bin"));
    refused(3, "valid.bin: ");
  }

  @Test
  void trainShorterThanASequence_isRefused() {
    refused(3, "train.bin: ", "--set", "model.length=100000");
  }

  /** Layers without end: no machine has their memory, whose system would end the process. */
  @Test
  void microBatchThatNoMemoryHolds_isRefused() {
    refused(
        4,
        "training.microBatch 1000000 needs at least ",
        "--set",
        "training.batchSize=1000000",
        "--set",
        "training.microBatch=1000000",
        "--set",
        "model.network.layers=512",
        "--set",
        "model.length=512",
        "--set",
        "data.evaluate=[]");
  }

  @Test
  void warmUpAsLongAsTheRun_isRefused() {
    refused(
        2,
        "training.steps must be more than training.learningRate.warmUp",
        "--set",
        "training.steps=2");
  }

  @Test
  void warmStartFromNoModel_isRefused() {
    refused(3, "none: ", "--set", "training.warmStart=" + folder.resolve("none"));
  }

  @Test
  void folderThatHoldsARun_isRefused() {
    tiny.train("--set", "training.steps=3").check();
    refused(3, "already holds a run; go on with --resume");
  }

  @Test
  void folderBelowAFile_isRefused() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    refused(1, "file/run: Not a directory", "--set", "run=" + folder.resolve("file/run"));
  }

  @Test
  void folderThatCannotBeMade_isRefused() {
    refused(1, "File name too long", "--set", "run=" + folder.resolve("long".repeat(100) + "/run"));
  }

  @Test
  void lockThatIsAFolder_isRefused() throws IOException {
    Files.createDirectories(tiny.run().resolve(".lock"));
    refused(1, "/.lock: Is a directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoints", "tensorboard", "samples", "best"})
  void nameOfAFolderThatIsNone_isRefused(String name) throws IOException {
    Files.writeString(Files.createDirectory(tiny.run()).resolve(name), "");
    refused(3, "run/" + name + ": is no folder");
  }

  @Test
  void metricsThatAreAFolder_areRefused() throws IOException {
    Files.createDirectories(tiny.run().resolve("metrics.jsonl"));
    refused(3, "run/metrics.jsonl: is a folder");
  }

  @Test
  void configThatIsAFolder_isRefused() throws IOException {
    Files.createDirectories(tiny.run().resolve("config.yaml"));
    refused(3, "run/config.yaml: is a folder");
  }

  @Test
  void metricsOfSomethingElse_areRefused() throws IOException {
    Path metrics = Files.createDirectory(tiny.run()).resolve("metrics.jsonl");
    Files.writeString(metrics, "a line\n");
    refused(3, "line 1 is not a JSON object with a step");
    assertThat(metrics).hasContent("a line");
  }

  @Test
  void damagedBestModel_isRefused() throws IOException {
    Path best = Files.createDirectories(tiny.run().resolve("best"));
    Files.writeString(best.resolve("best.json"), "{}");
    refused(3, "best.json: ", "--set", "evaluation.keepBest=true");
  }

  @Test
  void trainOfOtherBytesThanStated_isRefused() throws IOException {
    otherByte(tiny.data("train.bin"));
    refused(3, "train.bin: SHA-256 is ");
  }

  @Test
  void validOfOtherBytesThanStated_isRefused() throws IOException {
    otherByte(tiny.data("valid.bin"));
    refused(3, "valid.bin: SHA-256 is ");
  }

  @Test
  void whatIsNoRun_staysAsItWas() throws IOException {
    tiny.train("--dry-run", "--set", "run=" + folder.resolve("a/b")).check();
    assertThat(folder.resolve("a")).doesNotExist();
    Path note = Files.writeString(Files.createDirectory(tiny.run()).resolve("note"), "mine");
    tiny.train("--dry-run").check();
    assertThat(tiny.run()).isDirectoryContaining(note::equals);
    try (Stream<Path> files = Files.list(tiny.run())) {
      assertThat(files).hasSize(1);
    }
  }

  /** Changes a token, and nothing that is told without reading all. */
  private static void otherByte(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[0] = (byte) (bytes[0] == 0 ? 1 : 0);
    Files.write(file, bytes);
  }

  private String evaluate(String name) {
    return "data.evaluate=[%s]".formatted(folder.resolve(name));
  }

  private void refused(int code, String inLine, String... options) {
    String[] dry = Arrays.copyOf(options, options.length + 1);
    dry[options.length] = "--dry-run";
    Ran tried = tiny.train(dry);
    tried.failed(code, inLine);
    Ran run = tiny.train(options);
    assertThat(run.err()).isEqualTo(tried.err());
    assertThat(run.code()).isEqualTo(code);
  }
}
