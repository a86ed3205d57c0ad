// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Trainings of one, two and four processes on a CPU, which must be the same training. */
@Tag("slow")
@Timeout(180)
final class ParallelTrainingTest {
  /** Sums of another order differ in their last bits alone. */
  private static final double TOLERANCE = 1e-5;

  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private Path run(int processes, String name, String... more) throws Exception {
    Path run = folder.resolve(name);
    Ran ran = Launched.md4(processes, (Object[]) words(name, more));
    assertThat(ran.code()).as(ran.err()).isZero();
    return run;
  }

  private String[] words(String name, String... more) {
    String[] training = {
      "--set", "run=" + folder.resolve(name),
      "--set", "training.batchSize=8",
      "--set", "training.steps=20",
      "--set", "checkpoints.keepLast=99"
    };
    return with(tiny.words(more), training);
  }

  private static void assertSame(Path run, Path other) throws IOException {
    List<Double> losses = RunLosses.of(run);
    List<Double> others = RunLosses.of(other);
    assertThat(others).hasSameSizeAs(losses).isNotEmpty();
    for (int i = 0; i < losses.size(); i++) {
      assertThat(others.get(i)).as("loss " + i).isCloseTo(losses.get(i), within(TOLERANCE));
    }
    assertThat(samples(other)).isEqualTo(samples(run));
  }

  private static String samples(Path run) throws IOException {
    return Files.readString(run.resolve("samples/step-20.txt"));
  }

  @Test
  void train_isTheSameByOneTwoAndFourProcesses_andGoesOnByAnyNumber() throws Exception {
    String[] often = {"--set", "checkpoints.every=1"};
    Path one = run(1, "one", often);
    Path two = run(2, "two", often);
    Path four = run(4, "four", often);
    for (Path other : List.of(two, four)) {
      assertSame(one, other);
      assertSameGradients(moments(one), moments(other));
    }
    for (int processes : new int[] {1, 2}) {
      assertSame(one, resumed(four, processes, "resumed" + processes));
    }
  }

  /** Goes on from the middle of another run. */
  private Path resumed(Path run, int processes, String name, String... more) throws Exception {
    Path resumed = folder.resolve(name);
    copy(run.resolve("checkpoints/step-10"), resumed.resolve("checkpoints/step-10"));
    Files.copy(run.resolve("metrics.jsonl"), resumed.resolve("metrics.jsonl"));
    return run(processes, name, with(more, "--resume"));
  }

  private static String[] with(String[] words, String... more) {
    return Stream.of(words, more).flatMap(Stream::of).toArray(String[]::new);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static void assertSameGradients(Map<String, float[]> one, Map<String, float[]> other) {
    assertThat(other.keySet()).isEqualTo(one.keySet());
    double square = 0;
    double difference = 0;
    for (String name : one.keySet()) {
      for (int i = 0; i < one.get(name).length; i++) {
        double value = one.get(name)[i];
        square += value * value;
        difference += Math.pow(value - other.get(name)[i], 2);
      }
    }
    assertThat(square).isPositive();
    assertThat(Math.sqrt(difference)).isLessThan(TOLERANCE * Math.sqrt(square));
  }

  /** Returns the first moments after one update, which are a tenth of its gradients. */
  private static Map<String, float[]> moments(Path run) throws IOException {
    return tensors(run, 1, "optimizer.safetensors", "first.");
  }

  private static Map<String, float[]> tensors(Path run, int step, String file, String prefix)
      throws IOException {
    Map<String, float[]> found = new TreeMap<>();
    Path path = run.resolve("checkpoints/step-" + step).resolve(file);
    try (SafeTensors tensors = SafeTensors.open(path)) {
      for (String name : tensors.names()) {
        if (name.startsWith(prefix)) {
          found.put(name, tensors.asFiniteFloats(name));
        }
      }
    }
    return found;
  }

  @Test
  void learnedSchedules_guardsRecomputationAndShards_areTheSame() throws Exception {
    String[] learned = {
      "--set", "model.schedule=learned(2.0)",
      "--set", "training.guard=skip(6, 4)",
      "--set", "training.clip=norm(1)",
      "--set", "training.recompute=layer"
    };
    Path one = run(1, "one", learned);
    assertSame(one, run(2, "two", learned));
    String[] sharded =
        with(learned, "--set", "parallel.shardOptimizer=true", "--set", "checkpoints.every=10");
    Path pieces = run(2, "sharded", sharded);
    assertSame(one, pieces);
    assertSame(one, resumed(pieces, 2, "sharded, resumed", sharded));
    assertSame(one, resumed(pieces, 1, "resumed by one", sharded));
  }

  /** The noise's ends and shape go down gradients that no process has whole. */
  @Test
  void learnedNoise_isTheSame_andGoesOnByAnyNumber() throws Exception {
    String[] noise = {
      "--set", "model.objective=gaussian(4)",
      "--set", "model.network.vectorWidth=4",
      "--set", "model.schedule=learned-noise(1, -7)",
      "--set", "model.network.kind=gaussian-transformer",
      "--set", "training.powers.rate=3",
      "--set", "checkpoints.every=1"
    };
    Path one = run(1, "one", noise);
    Path two = run(2, "two", noise);
    assertSameGradients(moments(one), moments(two));
    assertSameNoise(one, two);
    assertSameNoise(one, resumed(two, 1, "resumed by one", noise));
    assertSameNoise(one, resumed(one, 2, "resumed by two", noise));
  }

  /**
   * Compares losses and the noise in both sets of weights. Adam's division magnifies the last bits
   * of small gradients: such runs were 2e-5 apart in the losses, where an update without the other
   * process's half moves the shares by 1e-2.
   */
  private static void assertSameNoise(Path run, Path other) throws IOException {
    double[] losses = RunLosses.of(run).stream().mapToDouble(each -> each).toArray();
    assertThat(RunLosses.of(other).stream().mapToDouble(each -> each).toArray())
        .containsExactly(losses, within(1e-4));
    for (String file : List.of("model.safetensors", "ema.safetensors")) {
      Map<String, float[]> expected = tensors(run, 20, file, "schedule.");
      Map<String, float[]> noise = tensors(other, 20, file, "schedule.");
      assertThat(expected).containsOnlyKeys("schedule.end", "schedule.shape", "schedule.start");
      assertThat(noise.keySet()).isEqualTo(expected.keySet());
      for (String name : expected.keySet()) {
        assertThat(noise.get(name)).as(name).containsExactly(expected.get(name), within(1e-4f));
      }
      assertThat(expected.get("schedule.end")[0]).isNotCloseTo(-7, within(1e-2f));
    }
  }

  /** Each process sees the same spikes, and goes back to the same checkpoint. */
  @Test
  void rollbacks_areTheSame() throws Exception {
    String[] guarded = {"--set", "training.guard=rollback(2, 4)", "--set", "checkpoints.every=5"};
    Path one = run(1, "one", guarded);
    assertThat(Files.readString(one.resolve("metrics.jsonl"))).contains("rolledBackFrom");
    assertSame(one, run(2, "two", guarded));
    assertSame(one, run(2, "sharded", with(guarded, "--set", "parallel.shardOptimizer=true")));
  }

  /** The numbers have four digits, of which the last may be rounded either way. */
  @Test
  void replay_isTheSame() throws Exception {
    Path unused = run(1, "one");
    String[] replay = with(words("one"), "--replay", "7");
    List<Double> alone = numbers(Launched.md4(1, (Object[]) replay));
    List<Double> together = numbers(Launched.md4(2, (Object[]) replay));
    assertThat(together).hasSameSizeAs(alone).hasSizeGreaterThan(6);
    for (int i = 0; i < alone.size(); i++) {
      assertThat(together.get(i)).isCloseTo(alone.get(i), within(1e-3 * alone.get(i) + 1e-9));
    }
  }

  private static List<Double> numbers(Ran replay) {
    assertThat(replay.code()).as(replay.err()).isZero();
    return Pattern.compile("(?<= )[0-9][0-9.e-]*")
        .matcher(replay.out())
        .results()
        .map(found -> Double.valueOf(found.group()))
        .toList();
  }
}
