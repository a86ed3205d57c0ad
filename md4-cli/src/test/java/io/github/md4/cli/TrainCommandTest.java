// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.cli.support.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code md4 train} as a user meets it. */
@Tag("exact")
final class TrainCommandTest {
  private static final String NOTHING_LEFT =
      "md4: nothing is left to train: the checkpoint has 12 updates, training.steps is 12\n";

  @TempDir Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private Ran train(String... more) {
    return tiny.train(more);
  }

  private Path run() {
    return tiny.run();
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

  /** Eight chunks are one group of times: the error is the conservative one of chunks. */
  @Test
  void train_hasTheErrorOfChunksOfASingleGroup() throws IOException {
    Ran ran = train().succeeded();
    assertThat(ran.out().lines())
        .hasSize(4)
        .allMatch(line -> line.matches(".*: [0-9.]+ \\+- [0-9.]+ bits per token"));
    assertThat(metrics().stream().filter(line -> line.has("emaStandardError")))
        .hasSize(2)
        .allMatch(line -> line.get("emaStandardError").getAsDouble() > 0);
  }

  @Test
  void train_refusesToOverwriteARun() throws IOException {
    train().check();
    String before = Files.readString(run().resolve("metrics.jsonl"));
    train().failed(ExitCodes.DATA, "already holds a run");
    assertThat(run().resolve("metrics.jsonl")).hasContent(before);
  }

  @Test
  void train_tellsHowItBeginsGoesOnAndEnds() {
    assertThat(train().account().replaceAll("[\\d,]+ tokens/s", "S tokens/s"))
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
            next: md4 sample --model %1$s --count 4
            """
                .formatted(run()));
    assertThat(train("--resume").account())
        .isEqualTo("model: %1$s/model\nnext: md4 sample --model %1$s --count 4\n".formatted(run()));
    assertThat(train("--resume", "--set", "training.steps=14").account())
        .contains("resuming at step 12 of 14, from " + run() + "/checkpoints/step-12\n");
  }

  /** A run of few steps without a warm-up; whoever uses its model hears of it. */
  @Test
  void train_tellsThatAnAverageIsMostlyItsStart() {
    String note = "md4: the averaged weights are 99% what they were at the start of the training";
    String[] slow = {"--set", "training.emaWarmUp=false", "--set", "training.emaRate=0.999"};
    assertThat(train(slow).err()).startsWith(note + " (12 updates, training.emaRate 0.999): ");
    Object[] sample = Ran.words("sample --device cpu --count 1 --steps 2 --model", run());
    assertThat(Ran.md4(sample).err()).startsWith(note).hasLineCount(1);
    Object[] evaluate =
        Ran.words("evaluate --device cpu --data", tiny.data("valid.bin"), "--model", run());
    assertThat(Ran.md4(evaluate).err()).startsWith(note).hasLineCount(1);
    Object[] raw =
        Ran.words("sample --device cpu --count 1 --steps 2 --weights raw --model", run());
    Ran.md4(raw).check();
  }

  @Test
  void train_refusesARunWithoutAName() throws IOException {
    String empty = "run must name the folder of the run; it is empty";
    for (String nothing : new String[] {"\"\"", "' '"}) {
      Files.writeString(tiny.config(), tiny.text().replaceAll("(?m)^run: .*", "run: " + nothing));
      train().failed(ExitCodes.USAGE, "tiny.yaml:2: run: ", empty);
      train("--set", "run=" + nothing).failed(ExitCodes.USAGE, "--set run: ", empty);
    }
  }

  /** The last check is that of the evaluated files: a new run has no config before it. */
  @Test
  void config_isWrittenOnceAllIsChecked() throws IOException {
    String evaluate = "data.evaluate=[" + folder.resolve("none.bin") + "]";
    train("--set", evaluate).failed(ExitCodes.DATA, "none.bin: ");
    assertThat(run().resolve("config.yaml")).doesNotExist();
    train().check();
    String before = Files.readString(run().resolve("config.yaml"));
    train("--resume", "--set", "training.steps=20", "--set", evaluate)
        .failed(ExitCodes.DATA, "none.bin: ");
    train("--resume", "--set", "training.steps=20", "--set", "training.seed=4")
        .failed(ExitCodes.USAGE, "seed");
    assertThat(run().resolve("config.yaml")).content().isEqualTo(before);
  }

  @Test
  void resume_ofAFinishedRunHasNothingToDo() {
    train().check();
    Ran ran = train("--resume");
    assertThat(ran.err()).isEqualTo(NOTHING_LEFT);
    assertThat(ran.code()).isZero();
  }

  @Test
  void resume_withFewerStepsSaysWhatItHas() {
    train().check();
    Ran ran = train("--resume", "--set", "training.steps=6");
    assertThat(ran.err())
        .isEqualTo(
            """
            md4: resuming; the run had 'steps: 12', the config 'steps: 6'
            md4: nothing is left to train: the checkpoint has 12 updates, training.steps is 6
            """);
    assertThat(ran.code()).isZero();
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
        .isEqualTo(
            "md4: resuming; the run had 'base: 0.01', the config 'base: 0.02'\n" + NOTHING_LEFT);
  }

  /** A run of a program that had no warm-up of the average goes on without one, bit for bit. */
  @ParameterizedTest
  @CsvSource({"'', false", "training.emaWarmUp=true, true", "training.emaWarmUp=false, false"})
  void resume_ofAnOldRunKeepsItsAverage(String override, boolean isWarmedUp) throws IOException {
    train("--set", "training.emaWarmUp=false", "--set", "checkpoints.keepLast=2").check();
    byte[] whole = Files.readAllBytes(run().resolve("model/model.safetensors"));
    delete(run().resolve("model"));
    delete(run().resolve("checkpoints/step-12"));
    Path config = run().resolve("config.yaml");
    Files.writeString(config, Files.readString(config).replaceAll(" *emaWarmUp.*\n", ""));
    Ran ran = override.isEmpty() ? train("--resume") : train("--resume", "--set", override);
    assertThat(ran.code()).isZero();
    assertThat(config).content().contains("emaWarmUp: " + isWarmedUp + "\n");
    assertThat(ran.err())
        .isEqualTo(
            isWarmedUp
                ? "md4: resuming; the run had 'emaWarmUp: false', the config 'emaWarmUp: true'\n"
                : "");
    byte[] resumed = Files.readAllBytes(run().resolve("model/model.safetensors"));
    assertThat(Arrays.equals(resumed, whole)).isEqualTo(!isWarmedUp);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
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
  void train_refusesClassesWhereThereAreNoLabels() {
    train("--set", "model.network.classes=3")
        .failed(ExitCodes.USAGE, "classes must be 0 for text, which has no labels: 3");
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_namesAConfigOfAnotherVersion() throws IOException {
    Files.writeString(tiny.config(), tiny.text().replace("version: 1", "version: 2"));
    train().failed(ExitCodes.USAGE, "tiny.yaml:1: version: this program reads 1, but it is '2'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluations.every=3 | evaluations: is not a key; did you mean 'evaluation'?",
        "model.network.head=3 | model.network.head: is not a key; did you mean",
        "model.network.vectorWidth=3 | model.network.vectorWidth: is not a key; the keys here are",
        "training.learningRate.warmup=3 | did you mean 'training.learningRate.warmUp'?",
        "training.steps=0 | training.steps: steps must be at least 1: 0",
        "training.steps=2 | training.steps: steps must be more than the warm-up's 2: 2",
        "training.learningRate.base=-1 | learningRate.base: base must be at least 0 and finite",
        "training.learningRate.warmUp=-1 | learningRate.warmUp: warmUp must be at least 0: -1",
        "training.clip=norm() | training.clip: clip must be none, norm(c) or value(c)",
        "data.evaluate={a: b} | data.evaluate: must be a list, but is a section with keys",
      })
  void train_namesAWrongKeyOrValue(String override, String expected) {
    train("--set", override).failed(ExitCodes.USAGE, "md4: --set ", expected);
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_namesAllErrorsOfAFile() {
    Ran ran =
        train(
            "--set", "training.step=3",
            "--set", "model.length=long",
            "--set", "evaluation.every=-1");
    assertThat(ran.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(ran.err().lines())
        .containsExactlyInAnyOrder(
            "md4: --set model.length: must be an integer, but is 'long'",
            "md4: --set training.step: is not a key; did you mean 'training.steps'?",
            "md4: --set evaluation.every: every must be at least 0: -1");
  }

  @Test
  void defaults_fitWhatIsGiven() throws IOException {
    Files.writeString(
        tiny.config(),
        tiny.text()
            .replace(" keyValueHeads: 2,", "")
            .replace("  microBatch: 2\n", "")
            .replaceAll("\\[(.*valid.bin)]", "$1"));
    train("--set", "model.schedule=learned", "--set", "training.steps=3").check();
    assertThat(run().resolve("config.yaml"))
        .content()
        .contains("keyValueHeads: 2\n", "microBatch: 4\n", "samples: 2\n", "valid.bin\n");
  }

  @Test
  void train_namesAConfigThatIsNone() throws IOException {
    Ran.md4("train", "--config", folder.resolve("none.yaml"))
        .failed(ExitCodes.USAGE, "none.yaml: there is no such file");
    Ran.md4("train", "--config", folder)
        .failed(ExitCodes.USAGE, ": is a folder; it must be a YAML file");
  }

  @Test
  void train_namesDataThatAreMissingOrCutShort() throws IOException {
    Path tokens = tiny.data("train.bin");
    byte[] whole = Files.readAllBytes(tokens);
    for (int length : new int[] {1000, 0}) {
      Files.write(tokens, Arrays.copyOf(whole, length));
      train().failed(ExitCodes.DATA, "train.bin: truncated: " + length + " bytes");
    }
    Files.delete(tokens);
    train().failed(ExitCodes.DATA, "train.bin: no such file");
    Files.write(tokens, whole);
    Files.delete(tiny.data("train.json"));
    train()
        .failed(
            ExitCodes.DATA, "train.bin: has no JSON file beside it that describes its vocabulary");
    assertThat(run()).doesNotExist();
  }

  @Test
  void train_refusesAFileForItsFolder() throws IOException {
    Files.writeString(run(), "mine");
    train().failed(ExitCodes.DATA, "run: is a file; a run needs a folder");
    assertThat(run()).hasContent("mine");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors",
        "ema.safetensors",
        "optimizer.safetensors",
        "state.json",
        "config.json",
        "tokenizer.json"
      })
  void resume_refusesACheckpointThatIsCutInHalf(String name) throws IOException {
    train().check();
    Path file = run().resolve("checkpoints/step-12").resolve(name);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    Map<Path, FileTime> before = files();
    train("--resume", "--set", "training.steps=15").failed(ExitCodes.DATA, name + ": ");
    assertThat(files()).isEqualTo(before);
  }

  /** Returns the run's files and when each was written. */
  private Map<Path, FileTime> files() throws IOException {
    Map<Path, FileTime> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(run())) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(path, Files.getLastModifiedTime(path));
      }
    }
    return files;
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
    Ran.md4("train", "--device", "gpu:9999", "--config", tiny.config())
        .failed(ExitCodes.DEVICE, "no GPU is there");
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

  private static final String STRICT = "(1.5, 3)";

  private List<JsonObject> guardLines() throws IOException {
    return metrics().stream()
        .filter(line -> line.get("split").getAsString().equals("guard"))
        .toList();
  }

  /** A batch of four examples is soon far from three others. */
  @Test
  void guard_namesTheStepsThatItSkips_whichCanBeReplayed() throws IOException {
    Ran ran = train("--set", "training.guard=skip" + STRICT);
    assertThat(ran.code()).isZero();
    List<JsonObject> lines = guardLines();
    assertThat(lines).isNotEmpty();
    assertThat(metrics()).extracting(line -> line.get("step").getAsLong()).isSorted();
    List<String> told = ran.err().lines().toList();
    assertThat(told).hasSameSizeAs(lines);
    for (int i = 0; i < lines.size(); i++) {
      JsonObject line = lines.get(i);
      long step = line.get("step").getAsLong();
      assertThat(line.get("firstExample").getAsLong()).isEqualTo(4 * (step - 1));
      assertThat(line.get("lastExample").getAsLong()).isEqualTo(4 * step - 1);
      assertThat(told.get(i))
          .startsWith("md4: skipped step " + step + ": ")
          .endsWith("; md4 train --replay " + step + " runs it again");
      Ran replay =
          train("--set", "training.guard=skip" + STRICT, "--replay", "" + step).succeeded();
      assertThat(replay.out())
          .contains("examples " + 4 * (step - 1) + " to ")
          .containsPattern("loss +%.4f bits".formatted(line.get("bitsPerToken").getAsDouble()))
          .containsPattern("gradient norm +%.4g".formatted(line.get("gradientNorm").getAsDouble()))
          .containsPattern("layers\\.1 +[0-9]");
    }
  }

  @Test
  void guard_rollsBack_andTheRecordsGoBackToo() throws IOException {
    Ran ran =
        train(
            "--set",
            "training.guard=rollback(2, 3)",
            "--set",
            "training.seed=4",
            "--set",
            "checkpoints.every=2");
    assertThat(ran.code()).isZero();
    List<JsonObject> lines = guardLines();
    assertThat(lines).isNotEmpty().allMatch(line -> line.has("rolledBackFrom"));
    assertThat(metrics()).extracting(line -> line.get("step").getAsLong()).isSorted();
    assertThat(ran.err().lines())
        .hasSameSizeAs(lines)
        .allMatch(line -> line.matches("md4: went back to step \\d+, and on past step \\d+: .*"));
    assertThat(metrics().stream().filter(line -> line.get("split").getAsString().equals("train")))
        .extracting(line -> line.get("step").getAsLong())
        .containsExactly(3L, 6L, 9L, 12L);
  }

  @Test
  void metrics_haveTheGradientNormWhereAGuardWatches_andTheShareOfAGivenPeak() throws IOException {
    train("--set", "training.guard=skip", "--set", "training.peakFlops=1e12").check();
    JsonObject line = metrics().get(0);
    assertThat(line.get("gradientNorm").getAsDouble()).isPositive();
    double share = line.get("modelFlopsUtilisation").getAsDouble();
    // 6 * (1,296 parameters but those of the token table) + 12 * 2 layers * 8 wide * 16 long.
    assertThat(share / line.get("tokensPerSecond").getAsDouble() * 1e12).isBetween(5e3, 50e3);
    assertThat(run().resolve("config.yaml"))
        .content()
        .contains("guard: skip(6.0, 128)\n")
        .contains("peakFlops: \"1.0E12\"\n");
  }

  @Test
  void metrics_areNullWhereNothingIsKnown() throws IOException {
    train().check();
    assertThat(run().resolve("config.yaml")).content().contains("guard: \"off\"\n");
    assertThat(metrics().get(0).get("gradientNorm").isJsonNull()).isTrue();
    assertThat(metrics().get(0).get("modelFlopsUtilisation").isJsonNull()).isTrue();
    assertThat(metrics().get(0).get("modelFlopsUtilisationReason").getAsString())
        .contains("training.peakFlops");
  }

  @Test
  void resumeOrStart_doesWhatThereIsToDo() throws IOException {
    train("--resume-or-start", "--set", "training.steps=6").check();
    assertThat(train("--resume-or-start", "--set", "training.steps=12").code()).isZero();
    assertThat(run().resolve("checkpoints/step-12")).isDirectory();
  }

  @Test
  void ways_excludeEachOther() {
    train("--resume", "--dry-run").failed(ExitCodes.USAGE, "mutually exclusive");
    train("--replay", "0").failed(ExitCodes.USAGE, "--replay", "must be at least 1: 0");
  }

  @Test
  void replay_ofAStepBeforeAnyCheckpointBeginsAtTheStart() {
    Ran ran = train("--replay", "2").succeeded();
    assertThat(ran.out()).containsPattern("step +2, from step 0 on").contains("examples 4 to 7");
    assertThat(run()).doesNotExist();
  }
}
