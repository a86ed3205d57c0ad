// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
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

/** {@code md4 train} of a run that is there: {@code --resume} and {@code --replay}. */
@Tag("exact")
final class ResumeCommandTest {
  private static final String NOTHING_LEFT =
      "md4: nothing is left to train: the checkpoint has 12 updates, training.steps is 12; a larger number goes on\n";

  @TempDir Path folder;

  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  @Test
  void resume_ofAFinishedRunHasNothingToDo() {
    tiny.train().check();
    Ran ran = tiny.train("--resume");
    assertThat(ran.err()).isEqualTo(NOTHING_LEFT);
    assertThat(ran.code()).isZero();
  }

  /** The word behind --resume is the file, unless it says from where. */
  @Test
  void resume_mayStandBeforeTheFile() {
    tiny.train().check();
    for (List<String> resume : List.of(List.of("--resume"), List.of("--resume", "last-good"))) {
      List<Object> words = new ArrayList<>(List.of("train", "--device", "cpu"));
      words.addAll(resume);
      words.add(tiny.config());
      Ran ran = Ran.md4(words.toArray());
      assertThat(ran.err()).isEqualTo(NOTHING_LEFT);
      assertThat(ran.code()).isZero();
    }
    Ran.md4("train", tiny.config(), "--resume=first")
        .failed(ExitCodes.USAGE, "'--resume': resume must be last or last-good: first");
  }

  @Test
  void resume_withFewerStepsSaysWhatItHas() {
    tiny.train().check();
    Ran ran = tiny.train("--resume", "--set", "training.steps=6");
    assertThat(ran.err())
        .isEqualTo(
            """
            md4: resuming; the run had 'steps: 12', the config 'steps: 6'
            md4: nothing is left to train: the checkpoint has 12 updates, training.steps is 6; a larger number goes on
            """);
    assertThat(ran.code()).isZero();
  }

  @Test
  void resume_refusesAnotherModel() {
    tiny.train().check();
    tiny.train("--resume", "--set", "model.schedule=cosine")
        .failed(
            ExitCodes.USAGE,
            "the run has 'schedule: linear', the config 'schedule: cosine'; another model needs");
  }

  @Test
  void resume_saysWhatItChanges() {
    tiny.train().check();
    Ran ran = tiny.train("--resume", "--set", "training.learningRate.base=2e-2");
    assertThat(ran.code()).isZero();
    assertThat(ran.err())
        .isEqualTo(
            "md4: resuming; the run had 'base: 0.01', the config 'base: 0.02'\n" + NOTHING_LEFT);
  }

  /** A run of a program that had no warm-up of the average goes on without one, bit for bit. */
  @ParameterizedTest
  @CsvSource({"'', false", "training.emaWarmUp=true, true", "training.emaWarmUp=false, false"})
  void resume_ofAnOldRunKeepsItsAverage(String override, boolean isWarmedUp) throws IOException {
    tiny.train("--set", "training.emaWarmUp=false", "--set", "checkpoints.keepLast=2").check();
    byte[] whole = Files.readAllBytes(tiny.run().resolve("model/model.safetensors"));
    delete(tiny.run().resolve("model"));
    delete(tiny.run().resolve("checkpoints/step-12"));
    Path config = tiny.run().resolve("config.yaml");
    Files.writeString(config, Files.readString(config).replaceAll(" *emaWarmUp.*\n", ""));
    Ran ran =
        override.isEmpty() ? tiny.train("--resume") : tiny.train("--resume", "--set", override);
    assertThat(ran.code()).isZero();
    assertThat(config).content().contains("emaWarmUp: " + isWarmedUp + "\n");
    assertThat(ran.err())
        .isEqualTo(
            isWarmedUp
                ? "md4: resuming; the run had 'emaWarmUp: false', the config 'emaWarmUp: true'\n"
                : "");
    byte[] resumed = Files.readAllBytes(tiny.run().resolve("model/model.safetensors"));
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
  void resume_withoutACheckpointSaysSo() throws IOException {
    tiny.train("--resume")
        .failed(ExitCodes.DATA, "has no checkpoint to resume from; leave out --resume to begin");
    Files.createDirectory(tiny.run());
    tiny.train("--resume")
        .failed(ExitCodes.DATA, "to resume from; leave out --resume to start anew in it\n");
    tiny.train().check();
    delete(tiny.run().resolve("checkpoints"));
    tiny.train("--resume")
        .failed(ExitCodes.DATA, "finished model: start anew in another folder, --set run=DIR");
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
    tiny.train().check();
    Path file = tiny.run().resolve("checkpoints/step-12").resolve(name);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    Map<Path, FileTime> before = files();
    tiny.train("--resume", "--set", "training.steps=15").failed(ExitCodes.DATA, name + ": ");
    assertThat(files()).isEqualTo(before);
  }

  /** Returns the run's files and when each was written. */
  private Map<Path, FileTime> files() throws IOException {
    Map<Path, FileTime> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(tiny.run())) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(path, Files.getLastModifiedTime(path));
      }
    }
    return files;
  }

  @Test
  void resumeOrStart_doesWhatThereIsToDo() throws IOException {
    tiny.train("--resume-or-start", "--set", "training.steps=6").check();
    assertThat(tiny.train("--resume-or-start", "--set", "training.steps=12").code()).isZero();
    assertThat(tiny.run().resolve("checkpoints/step-12")).isDirectory();
  }

  @Test
  void ways_excludeEachOther() {
    tiny.train("--resume", "--dry-run").failed(ExitCodes.USAGE, "mutually exclusive");
    tiny.train("--replay", "0").failed(ExitCodes.USAGE, "--replay", "must be at least 1: 0");
  }

  @Test
  void replay_ofAStepBeforeAnyCheckpointBeginsAtTheStart() {
    Ran ran = tiny.train("--replay", "2").succeeded();
    assertThat(ran.out()).containsPattern("step +2, from step 0 on").contains("examples 4 to 7");
    assertThat(tiny.run()).doesNotExist();
  }
}
