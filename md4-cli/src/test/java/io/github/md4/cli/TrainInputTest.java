// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The refusals of {@code md4 train}, by key, file and line. */
@Tag("exact")
final class TrainInputTest {
  @TempDir Path folder;

  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  @Test
  void train_refusesToOverwriteARun() throws IOException {
    tiny.train().check();
    String before = Files.readString(tiny.run().resolve("metrics.jsonl"));
    Ran again = tiny.train();
    again.failed(
        ExitCodes.DATA,
        "already holds a run; go on with --resume or name another folder, --set run=DIR");
    assertThat(again.err()).doesNotContain("in Java");
    assertThat(tiny.run().resolve("metrics.jsonl")).hasContent(before);
  }

  /** A data set is no place of a run; other files are in nobody's way. */
  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void train_refusesAFolderThatHoldsADataSet(String split) throws IOException {
    Path foreign = Files.createDirectory(folder.resolve("foreign"));
    Files.writeString(foreign.resolve("train.log"), "a line");
    tiny.train("--set", "run=" + foreign, "--dry-run").check();
    Files.writeString(foreign.resolve(split + ".bin"), "");
    tiny.train("--set", "run=" + foreign)
        .failed(
            ExitCodes.DATA,
            "foreign: holds a data set (" + split + ".bin); name another folder, --set run=DIR");
    assertThat(foreign).isDirectoryNotContaining("glob:**/checkpoints");
  }

  @Test
  void train_refusesARunWithoutAName() throws IOException {
    String empty = "run must name the folder of the run; it is empty";
    for (String nothing : new String[] {"\"\"", "' '"}) {
      Files.writeString(tiny.config(), tiny.text().replaceAll("(?m)^run: .*", "run: " + nothing));
      tiny.train().failed(ExitCodes.USAGE, "tiny.yaml:2: run: ", empty);
      tiny.train("--set", "run=" + nothing).failed(ExitCodes.USAGE, "--set run: ", empty);
    }
  }

  /** The last check is that of the evaluated files: a new run has no config before it. */
  @Test
  void config_isWrittenOnceAllIsChecked() throws IOException {
    String evaluate = "data.evaluate=[" + folder.resolve("none.bin") + "]";
    tiny.train("--set", evaluate).failed(ExitCodes.DATA, "none.bin: ");
    assertThat(tiny.run().resolve("config.yaml")).doesNotExist();
    tiny.train().check();
    String before = Files.readString(tiny.run().resolve("config.yaml"));
    tiny.train("--resume", "--set", "training.steps=20", "--set", evaluate)
        .failed(ExitCodes.DATA, "none.bin: ");
    tiny.train("--resume", "--set", "training.steps=20", "--set", "training.seed=4")
        .failed(ExitCodes.USAGE, "seed");
    assertThat(tiny.run().resolve("config.yaml")).content().isEqualTo(before);
  }

  @Test
  void train_namesAWrongKeyWithItsLine() {
    tiny.train("--set", "training.step=3")
        .failed(ExitCodes.USAGE, "did you mean 'training.steps'?");
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_namesAnImpossibleCombination() {
    tiny.train("--set", "training.microBatch=3")
        .failed(ExitCodes.USAGE, "microBatch must divide training.batchSize (4): 3");
    tiny.train("--set", "training.learningRate.warmUp=12")
        .failed(
            ExitCodes.USAGE,
            "training.steps must be more than training.learningRate.warmUp (12): 12");
  }

  @Test
  void train_refusesClassesWhereThereAreNoLabels() {
    tiny.train("--set", "model.network.classes=3")
        .failed(ExitCodes.USAGE, "classes must be 0 for text, which has no labels: 3");
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_namesAConfigOfAnotherVersion() throws IOException {
    Files.writeString(tiny.config(), tiny.text().replace("version: 1", "version: 2"));
    tiny.train()
        .failed(ExitCodes.USAGE, "tiny.yaml:1: version: this program reads 1, but it is '2'");
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
        "training.steps=2 | training.steps must be more than training.learningRate.warmUp (2): 2",
        "training.learningRate.base=-1 | learningRate.base: base must be at least 0 and finite",
        "training.learningRate.warmUp=-1 | learningRate.warmUp: warmUp must be at least 0: -1",
        "training.clip=norm() | training.clip: clip must be none, norm(c) or value(c)",
        "model.network.knid=unet | knid: is not a key; did you mean 'model.network.kind'?",
        "training.learningRate=1e-3 | a section with keys, but is '1e-3'; its keys are base, warmUp",
        "data.evaluate={a: b} | data.evaluate: must be a list, but is a section with keys",
      })
  void train_namesAWrongKeyOrValue(String override, String expected) {
    tiny.train("--set", override).failed(ExitCodes.USAGE, "md4: --set ", expected);
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_namesAllErrorsOfAFile() {
    Ran ran =
        tiny.train(
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

  /** Cross-checks and files that are missing are told beside single values, each once. */
  @Test
  void train_namesAllErrorsInOneRound() {
    Ran ran =
        tiny.train(
            "--set", "training.steps=0",
            "--set", "training.microBatch=3",
            "--set", "training.emaRate=1.5",
            "--set", "training.logEvery=0",
            "--set", "model.network.classes=3",
            "--set", "model.schedule=cosin",
            "--set", "data.evaluate=[" + folder.resolve("none.bin") + "]");
    assertThat(ran.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(ran.err().lines())
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).endsWith("steps must be at least 1: 0"),
            line -> assertThat(line).endsWith("microBatch must divide training.batchSize (4): 3"),
            line -> assertThat(line).contains("emaRate must be "),
            line -> assertThat(line).endsWith("logEvery must be at least 1: 0"),
            line -> assertThat(line).contains("classes must be 0 for text"),
            line -> assertThat(line).endsWith(": cosin; did you mean cosine?"),
            line -> assertThat(line).contains("none.bin: no such file"));
    assertThat(tiny.run()).doesNotExist();
  }

  /** What the constructors say of a value that was wrong, or of its default, is no error. */
  @Test
  void train_namesNoErrorThatFollowsFromAnother() {
    tiny.train("--set", "training.batchSize=0", "--set", "training.microBatch=3")
        .failed(ExitCodes.USAGE, "batchSize must be in [1, 1048576]: 0");
    Ran ran =
        tiny.train(
            "--set", "training.steps=none",
            "--set", "training.learningRate.warmUp=2000000",
            "--set", "training.logEvery=0");
    assertThat(ran.err().lines())
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).endsWith("must be an integer, but is 'none'"),
            line -> assertThat(line).endsWith("logEvery must be at least 1: 0"));
  }

  @Test
  void train_namesAllFilesThatAreMissing() throws IOException {
    Files.delete(tiny.data("train.bin"));
    Ran ran = tiny.train("--set", "data.evaluate=[" + folder.resolve("none.bin") + "]");
    assertThat(ran.code()).isEqualTo(ExitCodes.DATA);
    assertThat(ran.err().lines())
        .satisfiesExactly(
            line -> assertThat(line).contains("train.bin: no such file"),
            line -> assertThat(line).contains("none.bin: no such file"));
  }

  @Test
  void defaults_fitWhatIsGiven() throws IOException {
    Files.writeString(
        tiny.config(),
        tiny.text()
            .replace(" keyValueHeads: 2,", "")
            .replace("  microBatch: 2\n", "")
            .replaceAll("\\[(.*valid.bin)]", "$1"));
    tiny.train("--set", "model.schedule=learned", "--set", "training.steps=3").check();
    assertThat(tiny.run().resolve("config.yaml"))
        .content()
        .contains("keyValueHeads: 2\n", "microBatch: 4\n", "samples: 2\n", "valid.bin\n");
  }

  @Test
  void train_namesAConfigThatIsNone() throws IOException {
    Ran.md4("train", "--config", folder.resolve("none.yaml"))
        .failed(ExitCodes.USAGE, "none.yaml: there is no such file");
    Ran.md4("train", "--config", folder)
        .failed(ExitCodes.USAGE, ": is a folder; it must be a YAML file");
    tiny.train("--set", "training.steps=3").check();
    Ran.md4("train", tiny.run())
        .failed(ExitCodes.USAGE, "did you mean " + tiny.run().resolve("config.yaml") + "?");
    Path data = tiny.data("train.bin").getParent();
    Ran.md4("train", data)
        .failed(ExitCodes.USAGE, "md4 config init " + data + " makes one for these data");
  }

  @Test
  void train_namesDataThatAreMissingOrCutShort() throws IOException {
    Path tokens = tiny.data("train.bin");
    byte[] whole = Files.readAllBytes(tokens);
    for (int length : new int[] {1000, 0}) {
      Files.write(tokens, Arrays.copyOf(whole, length));
      tiny.train().failed(ExitCodes.DATA, "train.bin: truncated: %,d bytes".formatted(length));
    }
    Files.delete(tokens);
    tiny.train().failed(ExitCodes.DATA, "train.bin: no such file");
    Files.write(tokens, whole);
    Files.delete(tiny.data("train.json"));
    tiny.train()
        .failed(
            ExitCodes.DATA, "train.bin: has no JSON file beside it that describes its vocabulary");
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_thatIsRefusedForItsVocabularyLeavesNothing() throws IOException {
    Path text = Files.writeString(folder.resolve("digits.txt"), "0123456789".repeat(1_000));
    Path digits = folder.resolve("digits");
    Ran unused =
        Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", digits)
            .succeeded();
    tiny.train("--set", "data.evaluate=" + digits.resolve("valid.bin"))
        .failed(ExitCodes.DATA, "valid.bin: ");
    assertThat(tiny.run()).doesNotExist();
  }

  @Test
  void train_refusesAFileForItsFolder() throws IOException {
    Files.writeString(tiny.run(), "mine");
    tiny.train().failed(ExitCodes.DATA, "run: is a file; a run needs a folder");
    assertThat(tiny.run()).hasContent("mine");
  }

  @Test
  void train_withoutAGpuSaysSo() {
    Ran.md4("train", "--device", "gpu:9999", "--config", tiny.config())
        .failed(ExitCodes.DEVICE, "no GPU is there");
  }
}
