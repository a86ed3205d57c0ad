// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 train} as a user meets it. */
@Tag("exact")
final class TrainCommandTest {
  @TempDir Path folder;

  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  @Test
  void train_leavesAWholeRunFolder() throws IOException {
    Ran ran = tiny.train().succeeded();
    assertThat(ran.out()).contains("step 12: valid, ema weights:").contains("raw weights:");
    assertThat(tiny.run().resolve("config.yaml")).content().contains("emaRate: 0.9");
    assertThat(tiny.run().resolve("model/model.safetensors")).isRegularFile();
    assertThat(tiny.run().resolve("checkpoints/step-12/optimizer.safetensors")).isRegularFile();
    assertThat(tiny.run().resolve("checkpoints/step-6")).doesNotExist();
    assertThat(tiny.run().resolve("samples/step-12.txt")).isRegularFile();
    assertThat(
            tiny.metrics().stream().filter(line -> line.get("split").getAsString().equals("train")))
        .extracting(line -> line.get("step").getAsLong())
        .containsExactly(3L, 6L, 9L, 12L);
    try (Stream<Path> events = Files.list(tiny.run().resolve("tensorboard"))) {
      assertThat(events).hasSize(1);
    }
  }

  /** Eight chunks are one group of times: the error is the conservative one of chunks. */
  @Test
  void train_tellsWhatMakesTheDataOfAConfig() throws IOException {
    String absent = "data: {evaluate: [], train: %s}\n".formatted(folder.resolve("none/train.bin"));
    String head = "version: 1\nrun: %s\n".formatted(folder.resolve("new"));
    Path told =
        Files.writeString(
            folder.resolve("told.yaml"),
            "# A config.\n#   md4 data text --out none\n#   md4 train told\n" + head + absent);
    String made = "none/train.bin: no such file; " + told + " says what makes it: ";
    md4("train", told).failed(ExitCodes.DATA, made + "md4 data text --out none");
    Path other = folder.resolve("other/train.bin");
    md4("train", told, "--set", "data.train=" + other)
        .failed(ExitCodes.DATA, "other/train.bin: no such file; md4 data makes files of tokens");
    Path untold =
        Files.writeString(folder.resolve("untold.yaml"), "#   md4 train untold\n" + head + absent);
    md4("train", untold).failed(ExitCodes.DATA, "no such file; md4 data makes files of tokens");
  }

  @Test
  void train_hasTheErrorOfChunksOfASingleGroup() throws IOException {
    Ran ran = tiny.train().succeeded();
    assertThat(ran.out().lines())
        .hasSize(4)
        .allMatch(line -> line.matches(".*: [0-9.]+ \\+- [0-9.]+ bits per token"));
    assertThat(tiny.metrics().stream().filter(line -> line.has("emaStandardError")))
        .hasSize(2)
        .allMatch(line -> line.get("emaStandardError").getAsDouble() > 0);
  }

  @Test
  void train_tellsHowItBeginsGoesOnAndEnds() {
    assertThat(tiny.train().account().replaceAll("[\\d,]+ tokens/s", "S tokens/s"))
        .matches(
            """
            training %1$s on cpu \\(\\d+ threads?\\): 2,908 parameters, float32
            12 steps of 4 x 16 tokens
            step 3 of 12: loss \\d\\.\\d{4} bits per token, rate 1.00e-02, S tokens/s, \\d+ s left
            step 6 of 12: loss \\d\\.\\d{4} bits per token, rate 7.94e-03, S tokens/s, \\d+ s left
            step 6: sample: [a-f ]+
            step 9 of 12: loss \\d\\.\\d{4} bits per token, rate 3.45e-03, S tokens/s, \\d+ s left
            step 12 of 12: loss \\d\\.\\d{4} bits per token, rate 2.45e-04, S tokens/s, 0 s left
            step 12: sample: [a-f ]+
            model: %1$s/model
            next: md4 sample %1$s --count 4
            """
                .formatted(tiny.run()));
    assertThat(tiny.train("--resume").account())
        .isEqualTo("model: %1$s/model\nnext: md4 sample %1$s --count 4\n".formatted(tiny.run()));
    assertThat(tiny.train("--resume", "--set", "training.steps=14").account())
        .contains("resuming at step 12 of 14, from " + tiny.run() + "/checkpoints/step-12\n");
  }

  /** A run of few steps without a warm-up; whoever uses its model hears of it. */
  @Test
  void train_tellsThatAnAverageIsMostlyItsStart() {
    String note = "md4: the averaged weights are 99% what they were at the start of the training";
    String[] slow = {"--set", "training.emaWarmUp=false", "--set", "training.emaRate=0.999"};
    assertThat(tiny.train(slow).err()).startsWith(note + " (12 updates, training.emaRate 0.999): ");
    Object[] sample = Ran.words("sample --device cpu --count 1 --steps 2 --model", tiny.run());
    assertThat(Ran.md4(sample).err()).startsWith(note).hasLineCount(1);
    Object[] evaluate =
        Ran.words("evaluate --device cpu --data", tiny.data("valid.bin"), "--model", tiny.run());
    assertThat(Ran.md4(evaluate).err()).startsWith(note).hasLineCount(1);
    Object[] raw =
        Ran.words("sample --device cpu --count 1 --steps 2 --weights raw --model", tiny.run());
    Ran.md4(raw).check();
  }

  /** A run whose finished model lacks a file is read at its checkpoint, and says so. */
  @Test
  void finishedModelWithoutAFile_isPassedOverWithANote() throws IOException {
    tiny.train("--set", "training.emaRate=0.5").check();
    Object[] sample = Ran.words("sample --device cpu --count 1 --steps 2 --model", tiny.run());
    String whole = Ran.md4(sample).succeeded().out();
    Path finished = tiny.run().resolve("model");
    Files.delete(finished.resolve("config.json"));
    String note =
        "md4: %s is not whole; its checkpoint %s is read\n"
            .formatted(finished, tiny.run().resolve("checkpoints/step-12"));
    Ran ran = Ran.md4(sample);
    assertThat(ran.err()).isEqualTo(note);
    assertThat(ran.out()).isEqualTo(whole);
    Object[] export = Ran.words("export --model", tiny.run(), "--to", folder.resolve("out"));
    assertThat(Ran.md4(export).err()).startsWith(note);
    Object[] raw =
        Ran.words("sample --device cpu --count 1 --steps 2 --weights raw --model", tiny.run());
    Ran.md4(raw).check();
  }

  @Test
  void dryRun_printsParametersAndWritesNothing() {
    Ran ran = tiny.train("--dry-run").succeeded();
    assertThat(ran.out())
        .containsPattern("layers\\.1\\.attention\\.qkv\\.weight +\\(24, 8\\) +192")
        .containsPattern("[0-9,]+ parameters")
        .containsPattern("one step of 4 x 16 tokens: [0-9.]+ bits per token");
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_namesADivergedLossAndKeepsTheCheckpoint() throws IOException {
    Ran ran =
        tiny.train(
            "--set",
            "training.learningRate.base=1e30",
            "--set",
            "training.learningRate.warmUp=6",
            "--set",
            "checkpoints.every=1");
    ran.failed(ExitCodes.DIVERGED, "the weights after step 2: not finite (seed 3)");
    assertThat(tiny.run().resolve("checkpoints/step-1/model.safetensors")).isRegularFile();
  }

  /** The average is of weights before the last update and may be finite: its samples tell. */
  @Test
  void train_whoseSamplesHaveNoDistributionHasDiverged() {
    tiny.train("--set", "training.learningRate.base=1e30", "--set", "training.steps=3")
        .failed(
            ExitCodes.DIVERGED,
            "after step 3: the network gives NaN",
            "lower training.learningRate.base");
  }

  @Test
  void best_isTheModelThatScoredLowest() throws IOException {
    String[] keepBest = {
      "--set",
      "evaluation.keepBest=true",
      "--set",
      "evaluation.every=2",
      "--set",
      "training.learningRate.base=0.3"
    };
    Ran ran = tiny.train(keepBest);
    ran.check();
    double lowest = Double.POSITIVE_INFINITY;
    long step = 0;
    for (String line : Files.readAllLines(tiny.run().resolve("metrics.jsonl"))) {
      JsonObject json = JsonParser.parseString(line).getAsJsonObject();
      if (json.has("emaBitsPerToken") && json.get("emaBitsPerToken").getAsDouble() < lowest) {
        lowest = json.get("emaBitsPerToken").getAsDouble();
        step = json.get("step").getAsLong();
      }
    }
    Path best = tiny.run().resolve("best");
    JsonObject kept =
        JsonParser.parseString(Files.readString(best.resolve("best.json"))).getAsJsonObject();
    assertThat(kept.get("step").getAsLong()).isEqualTo(step);
    assertThat(kept.get("weights").getAsString()).isEqualTo("ema");
    assertThat(kept.get("natsPerToken").getAsDouble() / Math.log(2))
        .isCloseTo(lowest, within(1e-9));
    Object[] options = {"--model", best, "--data", tiny.data("valid.bin")};
    double scored =
        Ran.md4(Ran.words("evaluate --device cpu --json --chunks 8 --seed 1", options))
            .succeeded()
            .json()
            .path("bitsPerToken")
            .asDouble();
    assertThat(scored).isCloseTo(lowest, within(1e-6));
  }
}
