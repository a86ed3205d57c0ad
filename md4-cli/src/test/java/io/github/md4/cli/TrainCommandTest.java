// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 train} as a user meets it. */
@Tag("exact")
final class TrainCommandTest {
  private static final String CONFIG =
      """
      version: 1
      run: %1$s/run
      data:
        train: %1$s/data/train.bin
        evaluate: [%1$s/data/valid.bin]
      model:
        length: 16
        network: {headWidth: 4, heads: 2, keyValueHeads: 2, layers: 2}
      training:
        seed: 3
        steps: 12
        batchSize: 4
        microBatch: 2
        precision: float32
        learningRate: {base: 1e-2, warmUp: 2, decay: cosine}
        emaRate: 0.9
        logEvery: 3
      evaluation: {every: 6, chunks: 8, batchSize: 3, weights: [ema, raw]}
      sampling: {count: 2, steps: 4}
      checkpoints: {every: 6, keepLast: 1, keepEvery: 0}
      """;

  @TempDir Path folder;
  private Path config;

  @BeforeEach
  void prepare() throws IOException {
    config = folder.resolve("tiny.yaml");
    Files.writeString(config, CONFIG.formatted(folder));
    Path text = folder.resolve("text.txt");
    Files.writeString(text, "abc de fgh ".repeat(400));
    Ran.md4(
            "data",
            "text",
            "--from",
            text,
            "--vocabulary",
            "chars",
            "--out",
            folder.resolve("data"))
        .check();
  }

  private Ran train(String... more) {
    List<Object> arguments =
        new ArrayList<>(List.of("train", "--device", "cpu", "--config", config));
    arguments.addAll(List.of(more));
    return Ran.md4(arguments.toArray());
  }

  private Path run() {
    return folder.resolve("run");
  }

  private List<JsonObject> metrics() throws IOException {
    try (Stream<String> lines = Files.lines(run().resolve("metrics.jsonl"))) {
      return lines.map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }
  }

  @Test
  void train_leavesAWholeRunFolder() throws IOException {
    Ran ran = train().succeeded();
    assertThat(ran.out()).contains("step 12: valid, ema weights:").contains("raw weights:");
    assertThat(run().resolve("config.yaml")).content().contains("emaRate: 0.9");
    assertThat(run().resolve("model/model.safetensors")).isRegularFile();
    assertThat(run().resolve("checkpoints/step-12/optimizer.safetensors")).isRegularFile();
    assertThat(run().resolve("checkpoints/step-6")).doesNotExist();
    assertThat(run().resolve("samples/step-12.txt")).isRegularFile();
    assertThat(metrics().stream().filter(line -> line.get("split").getAsString().equals("train")))
        .extracting(line -> line.get("step").getAsLong())
        .containsExactly(3L, 6L, 9L, 12L);
    try (Stream<Path> events = Files.list(run().resolve("tensorboard"))) {
      assertThat(events).hasSize(1);
    }
  }

  /** Eight chunks are one group, whose spread is not known. */
  @Test
  void train_hasNoStandardErrorOfASingleGroup() throws IOException {
    Ran ran = train().succeeded();
    assertThat(ran.out().lines())
        .hasSize(4)
        .allMatch(line -> line.matches(".*: [0-9.]+ \\+- unknown bits per token"));
    assertThat(metrics().stream().filter(line -> line.has("emaStandardError")))
        .hasSize(2)
        .allMatch(line -> line.get("emaStandardError").isJsonNull());
  }

  @Test
  void train_refusesToOverwriteARun() throws IOException {
    train().check();
    String before = Files.readString(run().resolve("metrics.jsonl"));
    train().failed(ExitCodes.DATA, "already holds a run");
    assertThat(run().resolve("metrics.jsonl")).hasContent(before);
  }

  @Test
  void resume_ofAFinishedRunHasNothingToDo() {
    train().check();
    train("--resume").check();
  }

  @Test
  void resume_refusesAnotherModel() {
    train().check();
    train("--resume", "--set", "model.schedule=cosine")
        .failed(ExitCodes.USAGE, "the run has 'schedule: linear', the config 'schedule: cosine'");
  }

  @Test
  void resume_saysWhatItChanges() {
    train().check();
    Ran ran = train("--resume", "--set", "training.learningRate.base=2e-2");
    assertThat(ran.code()).isZero();
    assertThat(ran.err())
        .isEqualTo("md4: resuming; the run had 'base: 0.01', the config 'base: 0.02'\n");
  }

  @Test
  void resume_withoutACheckpointSaysSo() {
    train("--resume").failed(ExitCodes.DATA, "has no checkpoint to resume from");
  }

  @Test
  void dryRun_printsParametersAndWritesNothing() {
    Ran ran = train("--dry-run").succeeded();
    assertThat(ran.out())
        .containsPattern("layers\\.1\\.attention\\.qkv\\.weight +\\(24, 8\\) +192")
        .containsPattern("[0-9,]+ parameters")
        .containsPattern("one step of 4 x 16 tokens: [0-9.]+ bits per token");
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_namesAWrongKeyWithItsLine() {
    train("--set", "training.step=3").failed(ExitCodes.USAGE, "did you mean 'training.steps'?");
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_namesAnImpossibleCombination() {
    train("--set", "training.microBatch=3")
        .failed(ExitCodes.USAGE, "microBatch must divide batchSize (4): 3");
    train("--set", "training.learningRate.warmUp=12")
        .failed(ExitCodes.USAGE, "steps must be more than the warm-up's 12: 12");
  }

  @Test
  void train_namesAConfigOfAnotherVersion() throws IOException {
    Files.writeString(config, CONFIG.formatted(folder).replace("version: 1", "version: 2"));
    train().failed(ExitCodes.USAGE, "version");
  }

  @Test
  void train_namesMissingData() throws IOException {
    Files.delete(folder.resolve("data/train.bin"));
    train().failed(ExitCodes.DATA, "train.bin");
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_namesATruncatedTokenFile() throws IOException {
    Path tokens = folder.resolve("data/train.bin");
    byte[] half = Arrays.copyOf(Files.readAllBytes(tokens), 1000);
    Files.write(tokens, half);
    train().failed(ExitCodes.DATA, "train.bin");
  }

  @Test
  void train_namesADivergedLossAndKeepsTheCheckpoint() throws IOException {
    Ran ran =
        train(
            "--set",
            "training.learningRate.base=1e30",
            "--set",
            "training.learningRate.warmUp=6",
            "--set",
            "checkpoints.every=1");
    ran.failed(ExitCodes.DIVERGED, "the weights after step 2: not finite (seed 3)");
    assertThat(run().resolve("checkpoints/step-1/model.safetensors")).isRegularFile();
  }

  @Test
  void train_withoutAGpuSaysSo() {
    Ran.md4("train", "--device", "gpu:9999", "--config", config)
        .failed(ExitCodes.DEVICE, "no GPU is there");
  }
}
