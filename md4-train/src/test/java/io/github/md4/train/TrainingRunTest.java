// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.data.DataCheck;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class TrainingRunTest {
  @TempDir Path folder;
  private TokenFile tokens;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder.resolve("data"));
  }

  /** Weights, average and losses at the end of a run. */
  private record End(float[] raw, float[] average, List<Double> losses) {}

  /** Stops after so many updates. */
  private static BooleanSupplier after(TrainingRun run, long updates) {
    return () -> run.updates() == updates;
  }

  private TrainingPlan plan(long steps, int microBatch, double rate) {
    return TinyRun.plan(TinyRun.training(steps, microBatch, rate), tokens);
  }

  private End uninterrupted(TrainingPlan plan, String name) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TrainingRun run = TrainingRun.start(runFolder(name), plan, tokens, manager)) {
      Recorder recorder = new Recorder();
      assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
      return end(run, recorder.losses());
    }
  }

  private RunFolder runFolder(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private static End end(TrainingRun run, List<Double> losses) {
    return new End(
        TinyRun.flat(run.learner().model().parameters()),
        TinyRun.flat(run.learner().model().average()),
        losses);
  }

  @Test
  void resume_isBitForBitTheRunThatWasNeverStopped() throws IOException {
    TrainingPlan plan = plan(20, 2, 1e-2);
    End expected = uninterrupted(plan, "whole");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Recorder before = new Recorder();
      try (TrainingRun run = TrainingRun.start(runFolder("cut"), plan, tokens, manager)) {
        assertThat(run.run(before, after(run, 10))).isEqualTo(TrainingRun.Outcome.INTERRUPTED);
      }
      try (TrainingRun run = TrainingRun.resume(runFolder("cut"), plan, tokens, manager)) {
        assertThat(run.updates()).isEqualTo(10);
        Recorder recorder = new Recorder();
        assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
        End resumed = end(run, recorder.losses());
        assertThat(resumed.raw).isEqualTo(expected.raw);
        assertThat(resumed.average).isEqualTo(expected.average);
        assertThat(before.losses()).isEqualTo(expected.losses.subList(0, 2));
        assertThat(resumed.losses).isEqualTo(expected.losses.subList(2, 5));
      }
    }
  }

  @Test
  void resume_makesUpForTheEvaluationThatAStopPreceded() throws IOException {
    TrainingPlan plan = plan(10, 6, 1e-2);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Recorder before = new Recorder();
      try (TrainingRun run = TrainingRun.start(runFolder("cut"), plan, tokens, manager)) {
        assertThat(run.run(before, after(run, 10))).isEqualTo(TrainingRun.Outcome.INTERRUPTED);
      }
      assertThat(before.evaluations).isEmpty();
      for (List<Long> evaluations : List.of(List.of(10L), List.<Long>of())) {
        Recorder recorder = new Recorder();
        try (TrainingRun run = TrainingRun.resume(runFolder("cut"), plan, tokens, manager)) {
          assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
        }
        assertThat(recorder.evaluations).isEqualTo(evaluations);
      }
    }
  }

  @Test
  void start_withTheSameSeedRepeatsItself() throws IOException {
    TrainingPlan plan = plan(6, 3, 1e-2);
    End first = uninterrupted(plan, "one");
    End second = uninterrupted(plan, "two");
    assertThat(second.raw).isEqualTo(first.raw);
    assertThat(second.losses).isEqualTo(first.losses);
  }

  @Test
  void run_leavesTheModelThatItTrained() throws IOException {
    End end = uninterrupted(plan(5, 6, 1e-2), "run");
    RunFolder run = runFolder("run");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThat(RunFolder.modelIn(run.path(), Weights.EMA)).isEqualTo(run.model());
      Path raw = RunFolder.modelIn(run.path(), Weights.RAW);
      assertThat(raw).isEqualTo(run.checkpoints().resolve("step-5"));
      try (SavedModel model =
          SavedModel.load(run.model(), Weights.EMA, manager, Precision.FLOAT32)) {
        assertThat(model.parameterCount()).isEqualTo(end.average.length);
      }
      assertThatThrownBy(
              () -> SavedModel.load(run.model(), Weights.RAW, manager, Precision.FLOAT32))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("'raw' are in a run's checkpoints");
    }
  }

  @Test
  void run_keepsTheLastCheckpointsAndEveryTenth() throws IOException {
    TrainingPlan plan = plan(30, 6, 1e-2);
    End unused = uninterrupted(plan, "run");
    assertThat(Checkpoints.in(runFolder("run").checkpoints()))
        .extracting(Checkpoints.Checkpoint::step)
        .containsExactly(10L, 20L, 25L, 30L);
  }

  @Test
  void run_stopsAtALossThatIsNotFiniteAndNamesTheStep() throws IOException {
    TrainingPlan plan = plan(30, 6, 1e30);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TrainingRun run = TrainingRun.start(runFolder("run"), plan, tokens, manager)) {
      assertThatThrownBy(() -> run.run(new Recorder(), () -> false))
          .isInstanceOf(DivergedException.class)
          .hasMessageMatching("the loss of step [3-4]: not finite \\(seed 7\\).*");
    }
  }

  @Test
  void start_refusesAFolderWithARun() throws IOException {
    TrainingPlan plan = plan(5, 6, 1e-2);
    End unused = uninterrupted(plan, "run");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(() -> TrainingRun.start(runFolder("run"), plan, tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("--resume");
    }
  }

  @Test
  void resume_refusesWhatIsNotItsCheckpoint() throws IOException {
    End unused = uninterrupted(plan(5, 6, 1e-2), "run");
    RunFolder run = runFolder("run");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(
              () -> TrainingRun.resume(runFolder("none"), plan(9, 6, 1e-2), tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("no checkpoint");
      TrainingPlan plan = plan(9, 6, 1e-2);
      TrainingPlan elsewhere =
          new TrainingPlan(plan.training(), plan.cadence(), plan.model(), "0".repeat(64));
      assertThatThrownBy(() -> TrainingRun.resume(run, elsewhere, tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("other tokens");
    }
  }

  @Test
  void resume_refusesACheckpointThatWasCutInHalf() throws IOException {
    End unused = uninterrupted(plan(5, 6, 1e-2), "run");
    RunFolder run = runFolder("run");
    Path file = run.checkpoints().resolve("step-5").resolve("optimizer.safetensors");
    try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(Files.size(file) / 2);
    }
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(() -> TrainingRun.resume(run, plan(9, 6, 1e-2), tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("optimizer.safetensors");
    }
  }

  @Test
  void resume_refusesWeightsOfAnotherModel() throws IOException {
    TrainingPlan plan = plan(5, 6, 1e-2);
    End unused = uninterrupted(plan, "run");
    RunFolder run = runFolder("run");
    ModelConfig config = plan.model().config();
    ModelConfig other =
        new ModelConfig(config.length(), new Curve.Cosine(), config.epsilon(), config.network());
    TrainingPlan otherPlan =
        new TrainingPlan(
            plan.training(),
            plan.cadence(),
            new SavedModel.Description(other, plan.model().tokenizer()),
            plan.dataSha256());
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(() -> TrainingRun.resume(run, otherPlan, tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining("model: must be the checkpoint's");
      Files.writeString(run.checkpoints().resolve("step-5/tokenizer.json"), "{");
      assertThatThrownBy(() -> TrainingRun.resume(run, plan, tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }

  @Test
  void start_refusesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(
              () -> TrainingRun.start(new RunFolder(file), plan(5, 6, 1e-2), tokens, manager))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("is a file; a run needs a folder");
    }
    assertThat(file).hasContent("mine");
  }

  @Test
  void resume_refusesAnotherBatchSize() throws IOException {
    TrainingPlan plan = plan(5, 6, 1e-2);
    End unused = uninterrupted(plan, "run");
    TrainingConfig larger =
        TinyRun.with(TinyRun.training(9, 6, 1e-2), 12, plan.training().optimization().guard());
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(
              () ->
                  TrainingRun.resume(
                      runFolder("run"), TinyRun.plan(larger, tokens), tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining("training.batchSize");
    }
  }

  /** A full device ends a run as a crash does: the last checkpoint is where it goes on. */
  @Test
  void resume_afterTheDeviceWasFullIsTheRunThatWasNeverStopped() throws IOException {
    TrainingPlan plan = plan(10, 6, 1e-2);
    End expected = uninterrupted(plan, "whole");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      try (Network network =
              new FullMemory(
                  plan.model().network(manager, plan.training().computation().precision()), 7);
          Learner learner =
              Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
        Batches batches =
            new Batches(
                new TrainingWindows(tokens, 11, 7), new Noise(7), plan.training().batching());
        Trainer trainer = new Trainer(runFolder("cut"), plan, null, learner, batches);
        Trainer.Conduct conduct =
            new Trainer.Conduct(
                new Recorder(), () -> false, new SpeedMeter(1, 1), DataCheck.start(List.of()));
        assertThatThrownBy(() -> trainer.run(manager, conduct))
            .isInstanceOf(DeviceException.class)
            .hasMessageContaining("take training.microBatch=3");
      }
      TrainingPlan smaller = plan(10, 3, 1e-2);
      try (TrainingRun run = TrainingRun.resume(runFolder("cut"), smaller, tokens, manager)) {
        assertThat(run.updates()).isEqualTo(5);
      }
      try (TrainingRun run = TrainingRun.resume(runFolder("cut"), plan, tokens, manager)) {
        Recorder recorder = new Recorder();
        assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
        assertThat(end(run, recorder.losses()).raw).isEqualTo(expected.raw);
      }
    }
  }
}
