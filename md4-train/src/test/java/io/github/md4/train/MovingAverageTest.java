// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.MovingAverage;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MovingAverageTest {
  @TempDir private Path folder;

  @Test
  @Tag("exact")
  void rate_isTheWarmUpUntilItReachesTheMemory() {
    MovingAverage average = new MovingAverage(0.9, true);
    assertThat(average.rate(0)).isEqualTo(1.0 / 10);
    assertThat(average.rate(1)).isEqualTo(2.0 / 11);
    assertThat(average.rate(79)).isEqualTo(80.0 / 89);
    assertThat(average.rate(80)).isEqualTo(0.9); // 81/90
    assertThat(average.rate(1_000_000_000_000L)).isEqualTo(0.9);
    assertThat(new MovingAverage(0.05, true).rate(0)).isEqualTo(0.05);
    assertThat(new MovingAverage(0.9, false).rate(0)).isEqualTo(0.9);
    assertThatIllegalArgumentException().isThrownBy(() -> new MovingAverage(1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> new MovingAverage(1 - 1e-9, true));
    assertThat(new MovingAverage(0.9999999, false).rate(0)).isEqualTo(0.9999999);
    assertThatIllegalArgumentException().isThrownBy(() -> new MovingAverage(Double.NaN, true));
  }

  @ParameterizedTest
  @CsvSource({"0.9, true", "0.9, false", "0.9999, true", "0.9999, false", "0, true", "0, false"})
  @Tag("naive")
  void startShare_isWhatAverageOfZerosKeepsOfAOne(double rate, boolean isWarmedUp) {
    MovingAverage average = new MovingAverage(rate, isWarmedUp);
    double kept = 1;
    for (int n = 0; n < 300; n++) {
      assertThat(average.startShare(n)).isCloseTo(kept, within(1e-12 * kept));
      kept += (1 - average.rate(n)) * (0 - kept);
    }
  }

  /** Both sets of parameters, with and without powers; the last bits are those of float32. */
  @ParameterizedTest
  @ValueSource(strings = {"linear", "learned(1)"})
  @Tag("naive")
  void average_isThatOfAPlainLoop(String schedule) throws IOException {
    try (TokenFile tokens = TinyRun.tokens(folder);
        NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      TrainingPlan plan = plan(tokens, schedule);
      Batches batches =
          new Batches(new TrainingWindows(tokens, 11, 7), new Noise(7), plan.training().batching());
      try (Network network = plan.model().network(manager, Precision.FLOAT32);
          Learner learner =
              Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
        double[] expected = weights(learner, Weights.RAW);
        for (int n = 0; n < 5; n++) {
          learner.update(manager, learner.prepare(n, batches.of(n))).close();
          double rate = Math.min(0.3, (1.0 + n) / (10.0 + n));
          double[] p = weights(learner, Weights.RAW);
          for (int i = 0; i < p.length; i++) {
            expected[i] += (1 - rate) * (p[i] - expected[i]);
          }
          assertThat(weights(learner, Weights.EMA)).containsExactly(expected, within(1e-6));
        }
      }
    }
  }

  private static TrainingPlan plan(TokenFile tokens, String schedule) {
    TrainingConfig training =
        TinyRun.twoSamples(
            TinyRun.training(9, 6, 1e-2),
            new GenMd4Config(1, true, TimeFloor.REFERENCE),
            new WarmStart.None());
    TrainingPlan plan =
        TinyRun.plan(
            training.withOptimization(
                training.optimization().withAverage(new MovingAverage(0.3, true))),
            tokens);
    ModelConfig model = plan.model().config();
    return new TrainingPlan(
        plan.training(),
        plan.cadence(),
        new SavedModel.Description(
            new ModelConfig(
                model.length(), ScheduleConfig.parse(schedule), model.epsilon(), model.network()),
            plan.model().tokenizer()),
        plan.dataSha256());
  }

  private static double[] weights(Learner learner, Weights which) {
    return learner.model().sets(which).values().stream()
        .map(TinyRun::flat)
        .flatMapToDouble(MovingAverageTest::doubles)
        .toArray();
  }

  private static DoubleStream doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]);
  }

  @Test
  void resume_goesOnWithTheWarmUp() throws IOException {
    try (TokenFile tokens = TinyRun.tokens(folder.resolve("data"));
        NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      TrainingPlan plan = TinyRun.plan(TinyRun.training(9, 3, 1e-2), tokens);
      assertThat(plan.training().optimization().average().emaWarmUp()).isTrue();
      RunFolder whole = new RunFolder(folder.resolve("whole"));
      try (TrainingRun run = TrainingRun.start(whole, plan, tokens, manager)) {
        run.run(new Recorder());
      }
      RunFolder stopped = new RunFolder(folder.resolve("stopped"));
      try (TrainingRun run = TrainingRun.start(stopped, plan, tokens, manager)) {
        TrainingRun.Outcome unused = run.run(new Recorder(), () -> run.updates() == 4);
      }
      try (TrainingRun run = TrainingRun.resume(stopped, plan, tokens, manager)) {
        run.run(new Recorder());
      }
      assertThat(bytes(stopped)).isEqualTo(bytes(whole));
    }
  }

  private static byte[] bytes(RunFolder run) throws IOException {
    return Files.readAllBytes(run.model().resolve("model.safetensors"));
  }
}
