// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.TrainingListener.StepMetrics;
import io.github.md4.train.TrainingRun.Outcome;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.update.PreparedStep;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.optimizer.SpikeGuard;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose batches are so small that some lie far from the others. */
@Tag("exact")
final class GuardedRunTest {
  private static final int BATCH = 6;
  private static final int STEPS = 24;
  private static final String STRICT = "(1.2, 4)";
  private static final String MILD = "(2.5, 4)";

  @TempDir Path folder;
  private TokenFile tokens;
  private NDManager manager;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder.resolve("data"));
    manager = NDManager.newBaseManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private TrainingPlan plan(String guard, double rate) {
    return TinyRun.plan(
        TinyRun.with(TinyRun.training(STEPS, 3, rate), BATCH, SpikeGuard.parse(guard)), tokens);
  }

  private RunFolder run(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private float[] finish(TrainingPlan plan, String name, Recorder recorder) throws IOException {
    try (TrainingRun run = TrainingRun.start(run(name), plan, tokens, manager)) {
      assertThat(run.run(recorder, () -> false)).isEqualTo(Outcome.FINISHED);
      return TinyRun.flat(run.learner().model().parameters());
    }
  }

  private static BooleanSupplier after(TrainingRun run, long updates) {
    return () -> run.updates() == updates;
  }

  @ParameterizedTest
  @ValueSource(strings = {"skip(1000, 4)", "rollback(1000, 4)"})
  void guard_thatFindsNothingChangesNothing(String guard) throws IOException {
    Recorder recorder = new Recorder();
    Recorder alone = new Recorder();
    assertThat(finish(plan(guard, 1e-2), "guarded", recorder))
        .isEqualTo(finish(plan("off", 1e-2), "alone", alone));
    assertThat(recorder.losses()).isEqualTo(alone.losses());
    assertThat(recorder.spikes).isEmpty();
    assertThat(recorder.metrics).extracting(StepMetrics::gradientNorm).allMatch(x -> x > 0);
    assertThat(alone.metrics).extracting(StepMetrics::gradientNorm).allMatch(x -> x.isNaN());
  }

  /** An update that is left out moves nothing, and the next is as if it had not been. */
  @Test
  void skip_leavesWeightsMomentsAndAverageAsTheyAre() throws IOException {
    Recorder recorder = new Recorder();
    float[] skipped = finish(plan("skip" + STRICT, 1e-2), "skip", recorder);
    assertThat(recorder.spikes).hasSizeBetween(1, STEPS / 2);
    List<Long> left = recorder.spikes.stream().map(Spike::step).toList();
    assertThat(left).allMatch(step -> step > 4);

    TrainingPlan plan = plan("off", 1e-2);
    try (Network network =
            plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      Batches batches = batches(plan);
      List<Float> losses = new ArrayList<>();
      for (long step = 1; step <= STEPS; step++) {
        PreparedStep batch = learner.prepare(step - 1, batches.of(step - 1));
        if (left.contains(step)) {
          losses.add(learner.look(batch).loss());
          Learner unused = learner.after(learner.updates() + 1, learner.guarded());
        } else {
          learner.update(manager, batch).close();
        }
      }
      assertThat(TinyRun.flat(learner.model().parameters())).isEqualTo(skipped);
      double constant = Units.bitsPerToken(TinyRun.objective(plan).terms(0).total());
      for (int i = 0; i < losses.size(); i++) {
        assertThat(recorder.spikes.get(i).bitsPerToken()).isEqualTo(losses.get(i) + constant);
      }
    }
  }

  private Batches batches(TrainingPlan plan) {
    return new Batches(
        new TrainingWindows(tokens, 11, 7), new Noise(7), plan.training().batching());
  }

  @Test
  void spike_namesItsExamples() throws IOException {
    Recorder recorder = new Recorder();
    float[] unused = finish(plan("skip" + STRICT, 1e-2), "skip", recorder);
    Spike spike = recorder.spikes.get(0);
    assertThat(spike.examples().first()).isEqualTo(BATCH * (spike.step() - 1));
    assertThat(spike.examples().last()).isEqualTo(BATCH * spike.step() - 1);
    assertThat(spike.examples())
        .hasToString(
            "examples %d to %d".formatted(spike.examples().first(), spike.examples().last()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"skip", "rollback"})
  void resume_isBitForBitTheRunThatWasNeverStopped(String guard) throws IOException {
    TrainingPlan plan = plan(guard + MILD, 1e-2);
    Recorder whole = new Recorder();
    float[] expected = finish(plan, "whole", whole);
    assertThat(whole.spikes).isNotEmpty();
    Recorder parts = new Recorder();
    try (TrainingRun run = TrainingRun.start(run("cut"), plan, tokens, manager)) {
      assertThat(run.run(parts, after(run, 10))).isEqualTo(Outcome.INTERRUPTED);
    }
    for (long stop : new long[] {13, STEPS + 1}) {
      try (TrainingRun run = TrainingRun.resume(run("cut"), plan, tokens, manager)) {
        Outcome outcome = run.run(parts, after(run, stop));
        assertThat(outcome).isEqualTo(stop > STEPS ? Outcome.FINISHED : Outcome.INTERRUPTED);
        if (stop > STEPS) {
          assertThat(TinyRun.flat(run.learner().model().parameters())).isEqualTo(expected);
        }
      }
    }
    assertThat(parts.spikes).isEqualTo(whole.spikes);
    assertThat(parts.losses()).isEqualTo(whole.losses());
  }

  /** The same as a run that begins at the checkpoint with the later data. */
  @Test
  void rollback_goesBackToTheLastCheckpoint_andOnWithLaterData() throws IOException {
    TrainingPlan plan = plan("rollback" + MILD, 1e-2);
    Recorder recorder = new Recorder();
    float[] unused = finish(plan, "run", recorder);
    assertThat(recorder.rollbacks).isNotEmpty();
    Spike first = recorder.spikes.get(0);
    long back = recorder.rollbacks.get(0);
    assertThat(back).isEqualTo((first.step() - 1) / 5 * 5);
    assertThat(recorder.checkpoints).contains(0L);
    for (int i = 1; i < recorder.spikes.size(); i++) {
      // Data only go forward.
      assertThat(recorder.spikes.get(i).examples().first())
          .isGreaterThan(recorder.spikes.get(i - 1).examples().last());
    }
    RunState state =
        RunState.read(Checkpoints.latest(run("run").checkpoints()).orElseThrow().folder());
    assertThat(state.batches()).isGreaterThan(STEPS);
    assertThat(state.dataPosition()).isEqualTo(state.batches() * BATCH);
  }

  /** Weights of 1e14 are finite, and a product of three of them is not. */
  @Test
  void notFinite_isLeftOutAtOnce_andEndsARunWhereNothingElseComes() {
    assertThatThrownBy(() -> finish(plan("skip", 3e14), "skip", new Recorder()))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("20 updates in a row were skipped up to step ")
        .hasMessageContaining("seed 7")
        .hasMessageContaining("training.guard, skip(6.0, 128)");
    assertThatThrownBy(() -> finish(plan("rollback", 3e14), "back", new Recorder()))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("10 times the run went back to step 0, the last time from step ");
    assertThatThrownBy(() -> finish(plan("off", 3e14), "off", new Recorder()))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("the loss of step ");
  }

  @Test
  void replay_isWhatTheStepWas_andWritesNothing() throws IOException {
    TrainingPlan plan = plan("skip" + STRICT, 1e-2);
    Recorder recorder = new Recorder();
    float[] unused = finish(plan, "run", recorder);
    for (Spike spike : recorder.spikes) {
      try (TrainingRun run =
          TrainingRun.before(spike.step(), run("run"), plan, TrainingData.of(tokens), manager)) {
        Replay replay = run.replay(spike.step(), step -> {});
        assertThat(replay.step()).isEqualTo(spike.step());
        assertThat(replay.examples()).isEqualTo(spike.examples());
        assertThat(replay.bitsPerToken()).isEqualTo(spike.bitsPerToken());
        // The same squares, summed group by group.
        assertThat(replay.gradientNorm())
            .isCloseTo(spike.gradientNorm(), within(1e-5 * spike.gradientNorm()));
        assertThat(replay.gradientNorms().keySet())
            .containsExactly("embedding", "condition", "layers.0", "layers.1", "head");
      }
    }
  }

  @Test
  void replay_beginsAtTheNearestCheckpointBefore() throws IOException {
    TrainingPlan plan = plan("off", 1e-2);
    float[] unused = finish(plan, "run", new Recorder());
    for (long[] stepAndStart : new long[][] {{3, 0}, {11, 10}, {10, 0}, {STEPS, 20}}) {
      try (TrainingRun run =
          TrainingRun.before(stepAndStart[0], run("run"), plan, TrainingData.of(tokens), manager)) {
        assertThat(run.updates()).isEqualTo(stepAndStart[1]);
      }
    }
  }
}
