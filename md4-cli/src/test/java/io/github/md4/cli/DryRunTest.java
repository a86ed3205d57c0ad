// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    Ran.md4(Ran.words("data text --vocabulary chars --out", folder.resolve("few"), "--from", lines))
        .check();
    refused(
        3,
        "few/valid.bin: is too short: 11 tokens where one sequence takes 16",
        "--set",
        evaluate("few/valid.bin"));
  }

  @Test
  void validOfAnotherVocabulary_isRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("other.txt"), "xyz uvw ".repeat(400));
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

  @Test
  void warmUpAsLongAsTheRun_isRefused() {
    refused(2, "steps must be more than learningRate.warmUp", "--set", "training.steps=2");
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

  private String evaluate(String name) {
    return "data.evaluate=[%s]".formatted(folder.resolve(name));
  }

  private void refused(int code, String inLine, String... options) {
    String[] dry = Arrays.copyOf(options, options.length + 1);
    dry[options.length] = "--dry-run";
    Ran tried = tiny.train(dry);
    tried.failed(code, inLine);
    assertThat(tiny.train(options)).isEqualTo(tried);
  }
}
