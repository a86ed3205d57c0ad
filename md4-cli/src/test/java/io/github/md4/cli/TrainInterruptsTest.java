// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.Checkpoints.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A run that is told to stop, in a process of its own. */
@Timeout(120)
final class TrainInterruptsTest {
  private static final int POLL_MILLIS = 20;
  private static final int LOG_EVERY = 3;

  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private String[] words(String steps, String... more) {
    String[] endless = {
      "--set", "training.steps=" + steps,
      "--set", "training.learningRate.decay=constant",
      "--set", "checkpoints.every=0",
      "--set", "evaluation.every=0",
      "--set", "sampling.count=0"
    };
    return tiny.words(Stream.of(endless, more).flatMap(Stream::of).toArray(String[]::new));
  }

  /** Returns the steps whose training loss is logged. */
  private List<Long> logged() throws IOException {
    Path metrics = tiny.run().resolve("metrics.jsonl");
    if (!Files.exists(metrics)) {
      return List.of();
    }
    return Files.readAllLines(metrics).stream()
        .filter(line -> line.endsWith("}") && line.contains("\"train\""))
        .map(line -> JsonParser.parseString(line).getAsJsonObject().get("step").getAsLong())
        .toList();
  }

  private void awaitLogged(int count) throws IOException, InterruptedException {
    while (logged().size() < count) { // ends by the class's timeout
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void stop(ChildJvm child) throws Exception {
    child.signal("TERM");
    assertThat(child.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
    String err = child.err();
    assertThat(Ran.complaints(err))
        .isEqualTo("md4: stopping after this step; a second signal stops at once\n");
    long step = Checkpoints.latest(tiny.run().resolve("checkpoints")).orElseThrow().step();
    assertThat(err)
        .contains(
            "saved step %,d in %s/checkpoints/step-%2$d\n"
                .replace("%2$d", "" + step)
                .formatted(step, tiny.run()))
        .containsPattern(
            "go on with: md4 train --device cpu --config \\S+/tiny.yaml .* --resume\n$");
    assertThat(child.line()).isNull();
  }

  @Test
  void train_isStoppedInTheMiddleOfItsSamplesToo() throws Exception {
    InterruptsTest.assumeHeard("TERM");
    String[] endless = {"--set", "sampling.count=5000", "--set", "sampling.steps=100000"};
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), tiny.words(endless))) {
      awaitLogged(2);
      Thread.sleep(1000); // of the samples of step 6
      long start = System.nanoTime();
      stop(child);
      assertThat((System.nanoTime() - start) * 1e-9).isLessThan(5);
    }
    assertThat(Checkpoints.latest(tiny.run().resolve("checkpoints")).orElseThrow().step())
        .isEqualTo(6);
    Ran resumed = tiny.train("--resume");
    assertThat(resumed.code()).isZero();
    assertThat(resumed.out()).contains("step 6: valid, ema").contains("step 12: valid, ema");
    assertThat(logged()).containsExactly(3L, 6L, 9L, 12L);
  }

  @Test
  void aRunInUse_isLeftAlone_andOneThatWasKilledIsTakenOver() throws Exception {
    String[] words = words("1000000", "--set", "checkpoints.every=3");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words)) {
      awaitLogged(2);
      for (String way : new String[] {"--resume", "--resume-or-start"}) {
        Ran.md4((Object[]) words("1000000", way))
            .failed(ExitCodes.DATA, "run: is in use by another training (process ");
      }
      awaitLogged(4);
      child.signal("KILL");
      assertThat(child.exitCode()).isEqualTo(137);
    }
    long saved = Checkpoints.latest(tiny.run().resolve("checkpoints")).orElseThrow().step();
    Ran resumed = Ran.md4((Object[]) words("" + (saved + LOG_EVERY), "--resume"));
    assertThat(resumed.code()).isZero();
  }

  @Test
  void sample_besideATrainingReadsItsNewestCheckpoint() throws Exception {
    String[] words = words("1000000", "--set", "checkpoints.every=1");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words)) {
      child.ignoreErr(); // whose pipe would fill, and stop it, where this takes long
      awaitLogged(2);
      for (int i = 0; i < 20; i++) {
        Ran.md4(Ran.words("sample --device cpu --count 1 --steps 2 --model", tiny.run())).check();
      }
      child.signal("TERM");
      assertThat(child.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
    }
  }

  @Test
  void train_toldToStopSavesAndGoesOnFromThereWhenResumed() throws Exception {
    InterruptsTest.assumeHeard("TERM");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words("1000000"))) {
      awaitLogged(2);
      stop(child);
    }
    Path checkpoints = tiny.run().resolve("checkpoints");
    long stopped = Checkpoints.latest(checkpoints).orElseThrow().step();
    List<Long> before = logged();
    assertThat(before).endsWith(stopped / LOG_EVERY * LOG_EVERY);
    assertThat(tiny.run().resolve("model")).doesNotExist();

    long end = stopped + 2 * LOG_EVERY;
    Ran resumed = Ran.md4((Object[]) words("" + end, "--resume"));
    assertThat(resumed.err())
        .isEqualTo(
            "md4: resuming; the run had 'steps: 1000000', the config 'steps: " + end + "'\n");
    assertThat(resumed.out()).contains("step " + end + ": valid, ema weights: ");
    assertThat(resumed.code()).isZero();
    assertThat(logged().stream().distinct())
        .startsWith(before.toArray(Long[]::new))
        .contains(LongStream.of(end / LOG_EVERY * LOG_EVERY, end).boxed().toArray(Long[]::new));
    assertThat(Checkpoints.in(checkpoints)).extracting(Checkpoint::step).containsExactly(end);
    assertThat(tiny.run().resolve("model/model.safetensors")).isRegularFile();
  }
}
