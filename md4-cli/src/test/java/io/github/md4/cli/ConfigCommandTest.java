// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConfigCommandTest {

  @TempDir private Path folder;

  /** Writes a config for data, and has it train. */
  private String begun(Path data) {
    Path file = folder.resolve("mine.yaml");
    Ran ran = md4("config", "init", data, "--device", "cpu", "--out", file).succeeded();
    assertThat(ran.out()).isEqualTo("%1$s; next: md4 train %1$s%n".formatted(file));
    md4(Ran.words("train --device cpu --config", file, "--dry-run")).check();
    md4("config", "init", data, "--device", "cpu", "--out", file)
        .failed(ExitCodes.FAILURE, "exists already");
    return md4("config", "show", "--config", file).succeeded().out();
  }

  @Test
  void init_fitsAText() throws IOException {
    TinyTraining tiny = TinyTraining.prepare(folder);
    assertThat(begun(tiny.folder().resolve("data")))
        .contains("valid.bin", "length: 64\n", "kind: transformer", "heads: 4\n");
  }

  @Test
  void init_fitsDocuments() throws IOException {
    Path lines = Files.writeString(folder.resolve("l.txt"), "some words of a line\n".repeat(200));
    Path data = folder.resolve("d");
    md4(Ran.words("data tokens --documents lines", "--from", lines, "--out", data)).check();
    assertThat(md4("config", "init", data, "--device", "cpu").succeeded().out())
        .startsWith("# documents on a CPU.")
        .contains("run: runs/d\n");
    assertThat(begun(data)).contains("kind: transformer", "length: 60\n"); // as valid has
  }

  /** On a CPU those of configs/tutorial-text.yaml, whose scores docs/tutorial.md has. */
  @Test
  void init_takesTheSizesOfTheTutorial() throws IOException {
    Path text = Files.writeString(folder.resolve("t.txt"), "some words of a text\n".repeat(6000));
    Path data = folder.resolve("d");
    md4(Ran.words("data text --vocabulary chars", "--from", text, "--out", data)).check();
    Ran ran = md4("config", "init", data, "--device", "cpu").succeeded();
    assertThat(ran.small()).isEmpty();
    Path tutorial = Path.of("..", "configs", "tutorial-text.yaml");
    for (String line : Files.readAllLines(tutorial)) {
      if (line.matches(" *(headWidth|heads|layers|embedding|base|warmUp|beta2|emaRate): .*")) {
        assertThat(ran.out().lines()).contains(line);
      }
    }
    assertThat(ran.out()).contains("  steps: 2400\n  batchSize: 32\n", "  length: 64\n");
  }

  @Test
  void init_saysWhereATextIsShort() throws IOException {
    TinyTraining tiny = TinyTraining.prepare(folder);
    Ran ran = md4("config", "init", tiny.folder().resolve("data"), "--device", "cpu").succeeded();
    assertThat(ran.small())
        .endsWith(
            " to train on are few: a model of them knows how frequent"
                + " tokens are, and little more\n");
  }

  @Test
  void init_saysWhatToNameInPlaceOfAFile() throws IOException {
    Path text = Files.writeString(folder.resolve("story.txt"), "a story\n");
    md4("config", "init", text).failed(ExitCodes.DATA, "story.txt: is a file; name a folder that");
    Path tokens = Files.writeString(folder.resolve("train.bin"), "tokens");
    md4("config", "init", tokens).failed(ExitCodes.DATA, "train.bin: is a file; name its folder");
  }

  @Test
  void show_explainsKeys() {
    Ran steps = md4("config", "show", "--explain", "training.steps").succeeded();
    assertThat(steps.out().lines())
        .containsExactly(
            "training.steps",
            "  type     integer",
            "  default  1000000",
            "  range    must be at least 1",
            "  meaning  the number of updates, at least 1");
    assertThat(md4("config", "show", "--explain", "emaRate").succeeded().out())
        .startsWith("training.emaRate\n");
    assertThat(md4("config", "show", "--explain", "checkpoints").succeeded().out())
        .contains("checkpoints.every\n", "checkpoints.keepLast\n", "checkpoints.keepEvery\n");
    md4("config", "show", "--explain", "nothing")
        .failed(ExitCodes.USAGE, "no key of this name: nothing");
    md4("config", "show", "--explain", "emaRat")
        .failed(ExitCodes.USAGE, "no key of this name: emaRat; did you mean training.emaRate?");
    md4("config", "show", "--explain", "trainin.learningrate.wramUp")
        .failed(ExitCodes.USAGE, "; did you mean training.learningRate.warmUp?");
    md4("config", "show", "--explain", "optimiser.beta1")
        .failed(ExitCodes.USAGE, "; did you mean training.optimizer.beta1?");
    md4("config", "show", "--explain", "sampling.emaRate")
        .failed(ExitCodes.USAGE, "; did you mean training.emaRate?");
    md4("config", "show", "my.yaml", "--explain", "steps")
        .failed(ExitCodes.USAGE, "md4: my.yaml and --explain=steps are mutually exclusive (");
    md4("config", "show", "--explain", "steps", "my.yaml")
        .failed(ExitCodes.USAGE, "md4: --explain=KEY and --config=FILE.yaml or FILE.yaml are m");
  }

  /** Powers learn from the difference of two samples; a noise learns from one. */
  @ParameterizedTest
  @CsvSource({
    "text8-tiny.yaml, linear, 1",
    "text8-tiny.yaml, learned, 2",
    "text8-tiny.yaml, 'learned( 1 )', 2",
    "text8-tiny-gaussian.yaml, learned-noise, 1",
    "text8-tiny-gaussian.yaml, 'learned-noise(1, -7)', 1",
  })
  void samples_areTwoOfLearnedPowersAlone(String file, String schedule, int samples) {
    String config = Path.of("..", "configs", file).toString();
    String set = "model.schedule=" + schedule;
    assertThat(md4("config", "show", "--config", config, "--set", set).succeeded().out())
        .containsPattern("(?m)^  samples: " + samples + "$");
  }

  @Test
  void schema_isPrinted() throws IOException {
    assertThat(md4("config", "schema").succeeded().out())
        .isEqualTo(Files.readString(Path.of("..", "configs", "schema.json")));
  }
}
