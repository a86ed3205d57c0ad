// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.data.window.MemoryWindows;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.evaluation.Evaluation;
import io.github.md4.train.evaluation.EvaluationConfig;
import io.github.md4.train.evaluation.Evaluator;
import io.github.md4.train.evaluation.RunRecorder;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training from sequences in memory. */
@Tag("exact")
final class MemoryTrainingTest {
  private static final int LENGTH = 11;
  private static final Tokenizer TOKENIZER = new Tokenizer.Characters("abcdefg");

  @TempDir private Path folder;

  private static List<int[]> windows(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> IntStream.range(0, LENGTH).map(n -> (i * n + i) % 7).toArray())
        .toList();
  }

  private static ModelConfig model() {
    return new ModelConfig(LENGTH, new Curve.Linear(), 1e-4, TinyRun.NETWORK);
  }

  private static float[] trained(TrainingRun run) throws IOException {
    return stopped(run, Long.MAX_VALUE);
  }

  private static float[] stopped(TrainingRun run, long steps) throws IOException {
    TrainingRun.Outcome unused = run.run(TrainingListener.all(), () -> run.updates() == steps);
    return TinyRun.flat(run.learner().model().parameters());
  }

  /** Every window of a file, listed in its order, is the file: same order, same weights. */
  @Test
  void run_isThatOfAFileWithTheSameWindows() throws IOException {
    try (TokenFile file = TinyRun.tokens(folder.resolve("data"));
        NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Tokenizer tokenizer = file.info().orElseThrow().tokenizer();
      long count = new TrainingWindows(file, LENGTH, 7).count();
      List<int[]> all = new ArrayList<>();
      for (long start = 0; start < count; start++) {
        all.add(file.read(start, LENGTH));
      }
      TrainingConfig training = TinyRun.training(8, 3, 1e-2);
      TrainingData memory = TrainingData.of(tokenizer, all);
      TrainingPlan ofFile = TrainingPlan.of(model(), training, file);
      TrainingPlan ofMemory = TrainingPlan.of(model(), training, memory);
      float[] expected;
      try (TrainingRun run =
          TrainingRun.start(new RunFolder(folder.resolve("file")), ofFile, file, manager)) {
        expected = trained(run);
      }
      try (TrainingRun run =
          TrainingRun.start(new RunFolder(folder.resolve("memory")), ofMemory, memory, manager)) {
        assertThat(trained(run)).isEqualTo(expected);
      }
    }
  }

  @Test
  void run_goesOnBitForBitAndOnlyWithTheSameData() throws IOException {
    TrainingData data = TrainingData.of(TOKENIZER, windows(20));
    TrainingPlan plan =
        TrainingPlan.of(model(), TinyRun.training(10, 3, 1e-2), data)
            .withCadence(Cadence.atTheEnd().checkpointEvery(4).keepLast(2));
    float[] expected;
    try (TrainingRun whole = TrainingRun.startOrResume(folder.resolve("whole"), plan, data)) {
      expected = trained(whole);
    }
    Path cut = folder.resolve("cut");
    try (TrainingRun run = TrainingRun.startOrResume(cut, plan, data)) {
      assertThat(stopped(run, 5)).isNotEqualTo(expected);
    }
    TrainingData other = TrainingData.of(TOKENIZER, windows(21));
    TrainingPlan ofOther = TrainingPlan.of(model(), plan.training(), other);
    assertThatThrownBy(() -> TrainingRun.startOrResume(cut, ofOther, other))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("other tokens");
    for (Path each : List.of(cut, folder.resolve("new"))) { // a plan of data that are not given
      assertThatThrownBy(() -> TrainingRun.startOrResume(each, plan, other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("plan and data must be of the same sequences")
          .hasMessageContaining(other.sha256());
    }
    try (TrainingRun run = TrainingRun.startOrResume(cut, plan, data)) {
      assertThat(run.updates()).isEqualTo(5);
      assertThat(trained(run)).isEqualTo(expected);
    }
    assertThat(SavedModel.isIn(cut.resolve("model"))).isTrue();
  }

  /** Metrics, evaluations and records come as those of a file. */
  @Test
  void run_tellsMetricsAndEvaluationsOfSequencesInMemory() throws IOException {
    TrainingData data = TrainingData.of(TOKENIZER, windows(20));
    TrainingPlan plan =
        TrainingPlan.of(model(), TinyRun.training(8, 3, 1e-2), data)
            .withCadence(Cadence.atTheEnd().evaluateEvery(4));
    EvaluationConfig config =
        EvaluationConfig.defaults().weights(Weights.EMA, Weights.RAW).batchSize(4).keepingBest();
    Map<String, Examples> valid = Map.of("valid", Examples.of(windows(5)));
    Path run = folder.resolve("run");
    List<TrainingListener.StepMetrics> metrics = new ArrayList<>();
    List<Long> evaluated = new ArrayList<>();
    try (NDManager manager = NDManager.newBaseManager();
        TrainingRun training = TrainingRun.startOrResume(run, plan, data);
        Evaluator evaluator = Evaluator.of(valid, config, plan.model(), manager);
        RunRecorder recorder = RunRecorder.open(new RunFolder(run), 0, evaluator)) {
      training.run(
          TrainingListener.all(
              recorder,
              TrainingListener.ofMetrics(metrics::add),
              TrainingListener.ofEvaluations(learner -> evaluated.add(learner.updates()))));
      List<Evaluation> last = evaluator.evaluate(training.learner(), () -> false);
      assertThat(last).hasSize(2).allMatch(each -> each.split().equals("valid"));
    }
    assertThat(metrics).hasSize(2);
    assertThat(evaluated).containsExactly(4L, 8L);
    assertThat(Files.readString(run.resolve("metrics.jsonl"))).contains("emaBitsPerToken");
    assertThat(run.resolve("best/best.json")).exists();
  }

  @Test
  void windows_showEachSequenceOnceAnEpochWithItsClass() {
    List<int[]> windows = windows(9);
    int[] labels = IntStream.range(0, 9).toArray();
    Windows read = new MemoryWindows(MemoryWindows.content(windows, labels), 3);
    for (int epoch = 0; epoch < 3; epoch++) {
      boolean[] isSeen = new boolean[9];
      int[] into = new int[LENGTH];
      for (int i = 0; i < 9; i++) {
        read.read(9L * epoch + i, into);
        int label = read.label(9L * epoch + i);
        assertThat(into).isEqualTo(windows.get(label));
        isSeen[label] = true;
      }
      assertThat(isSeen).doesNotContain(false);
    }
  }

  @Test
  void of_copiesAndTellsDataApart() {
    List<int[]> windows = windows(3);
    String before = TrainingData.of(TOKENIZER, windows).sha256();
    TrainingData data = TrainingData.of(TOKENIZER, windows);
    windows.get(0)[0] = 6;
    assertThat(data.sha256()).isEqualTo(before);
    assertThat(TrainingData.of(TOKENIZER, windows).sha256()).isNotEqualTo(before);
    int[] labels = {0, 1, 0};
    assertThat(TrainingData.of(TOKENIZER, windows(3), labels).sha256()).isNotEqualTo(before);
  }

  @Test
  void of_rejectsWhatIsNoData() {
    List<int[]> none = List.of();
    List<int[]> uneven = List.of(new int[3], new int[4]);
    List<int[]> foreign = List.of(new int[] {0, 1}, new int[] {2, 7});
    assertThatThrownBy(() -> TrainingData.of(TOKENIZER, none)).hasMessageContaining("at least one");
    assertThatThrownBy(() -> TrainingData.of(TOKENIZER, uneven)).hasMessageContaining("one length");
    assertThatThrownBy(() -> TrainingData.of(TOKENIZER, foreign))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tokens must be in [0, 7), but sequence 1 has: 7");
    assertThatThrownBy(() -> TrainingData.of(TOKENIZER, windows(3), new int[2]))
        .hasMessageContaining("a label for each of the 3 sequences");
    TrainingData wrong = TrainingData.of(TOKENIZER, List.of(new int[3]));
    TrainingPlan plan = TrainingPlan.of(model(), TinyRun.training(8, 3, 1e-2), wrong);
    assertThatThrownBy(() -> TrainingRun.startOrResume(folder.resolve("run"), plan, wrong))
        .hasMessage("sequences must have the model's length, 11 tokens: 3");
  }

  /** A source of a user's own is read at the run's positions. */
  @Test
  void source_isReadAtTheRunsPositions() throws IOException {
    List<int[]> windows = windows(20);
    TrainingData listed = TrainingData.of(TOKENIZER, windows);
    MemoryWindows.Content content = MemoryWindows.content(windows, new int[0]);
    TrainingData own =
        TrainingData.of(TOKENIZER, seed -> new MemoryWindows(content, seed), "my table, 1");
    List<float[]> ends = new ArrayList<>();
    for (TrainingData each : Arrays.asList(listed, own)) {
      TrainingPlan plan = TrainingPlan.of(model(), TinyRun.training(4, 3, 1e-2), each);
      Path run = folder.resolve("run" + ends.size());
      try (TrainingRun training = TrainingRun.startOrResume(run, plan, each)) {
        ends.add(trained(training));
      }
    }
    assertThat(ends.get(1)).isEqualTo(ends.get(0));
  }
}
