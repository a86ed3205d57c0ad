// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.optimizer.SpikeGuard;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Learned powers under a guard, in replays and with layers computed again. */
@Tag("exact")
final class GuardedGenMd4Test {
  private static final int STEPS = 24;
  private static final int BATCH = 6;

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

  private TrainingPlan plan(String guard, UnaryOperator<TrainingConfig> changed) {
    TrainingConfig training =
        TinyRun.twoSamples(
            TinyRun.with(TinyRun.training(STEPS, 3, 1e-2), BATCH, SpikeGuard.parse(guard)),
            GenMd4Config.defaults(),
            new WarmStart.None());
    TrainingPlan plan = TinyRun.plan(changed.apply(training), tokens);
    ModelConfig model = plan.model().config();
    ModelConfig learned =
        new ModelConfig(
            model.length(), ScheduleConfig.parse("learned(1)"), model.epsilon(), model.network());
    return new TrainingPlan(
        plan.training(),
        plan.cadence(),
        new SavedModel.Description(learned, plan.model().tokenizer()),
        plan.dataSha256());
  }

  private TrainingPlan plan(String guard) {
    return plan(guard, UnaryOperator.identity());
  }

  private RunFolder run(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private float[][] finish(TrainingPlan plan, String name, Recorder recorder) throws IOException {
    try (TrainingRun run = TrainingRun.start(run(name), plan, tokens, manager)) {
      assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
      return weights(run.learner());
    }
  }

  private static float[][] weights(Learner learner) {
    return new float[][] {
      TinyRun.flat(learner.model().sets(Weights.RAW).get(GenMd4Parameter.PREFIX)),
      TinyRun.flat(learner.model().parameters())
    };
  }

  @Test
  void guard_thatFindsNothingChangesNothing() throws IOException {
    float[][] alone = finish(plan("off"), "alone", new Recorder());
    Recorder recorder = new Recorder();
    assertThat(finish(plan("skip(1000, 4)"), "guarded", recorder)).isDeepEqualTo(alone);
    assertThat(recorder.spikes).isEmpty();
  }

  /** An update that is left out moves neither the network nor the powers. */
  @Test
  void skip_leavesThePowersAsTheyAre() throws IOException {
    Recorder recorder = new Recorder();
    float[][] skipped = finish(plan("skip(1.2, 4)"), "skip", recorder);
    assertThat(recorder.spikes).hasSizeBetween(1, STEPS / 2);
    List<Long> left = recorder.spikes.stream().map(Spike::step).toList();
    long[] batches = LongStream.range(0, STEPS).toArray();
    assertThat(updatedBy(batches, step -> left.contains(step + 1))).isDeepEqualTo(skipped);
  }

  /** Network and powers are as if what came between a checkpoint and a spike had not been. */
  @Test
  void rollback_goesBackWithThePowers() throws IOException {
    Recorder recorder = new Recorder();
    float[][] rolled = finish(plan("rollback(2.5, 4)"), "run", recorder);
    assertThat(recorder.rollbacks).isNotEmpty();
    assertThat(updatedBy(surviving(recorder), batch -> false)).isDeepEqualTo(rolled);
  }

  /** Returns the batches whose updates no rollback took back: data only go forward. */
  private static long[] surviving(Recorder recorder) {
    List<Long> batches = new ArrayList<>();
    long next = 0;
    for (int i = 0; i < recorder.rollbacks.size(); i++) {
      Spike spike = recorder.spikes.get(i);
      while (batches.size() < spike.step() - 1) {
        batches.add(next++);
      }
      batches.subList(Math.toIntExact(recorder.rollbacks.get(i)), batches.size()).clear();
      next = (spike.examples().last() + 1) / BATCH;
    }
    while (batches.size() < STEPS) {
      batches.add(next++);
    }
    return batches.stream().mapToLong(Long::longValue).toArray();
  }

  /** Returns the weights after a step for each of these batches, some of them left out. */
  private float[][] updatedBy(long[] numbers, LongPredicate isLeftOut) throws IOException {
    TrainingPlan plan = plan("off");
    try (Network network =
            plan.model().network(manager, plan.training().computation().precision());
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      Batches batches =
          new Batches(new TrainingWindows(tokens, 11, 7), new Noise(7), plan.training().batching());
      for (long number : numbers) {
        if (isLeftOut.test(number)) {
          Learner unused = learner.after(learner.updates() + 1, learner.guarded());
        } else {
          learner.update(manager, learner.prepare(number, batches.of(number))).close();
        }
      }
      return weights(learner);
    }
  }

  @Test
  void replay_isWhatTheStepWas() throws IOException {
    TrainingPlan plan = plan("skip(1.2, 4)");
    Recorder recorder = new Recorder();
    float[][] unused = finish(plan, "run", recorder);
    Spike spike = recorder.spikes.get(0);
    try (TrainingRun run =
        TrainingRun.before(spike.step(), run("run"), plan, TrainingData.of(tokens), manager)) {
      Replay replay = run.replay(spike.step(), step -> {});
      assertThat(replay.bitsPerToken()).isEqualTo(spike.bitsPerToken());
      assertThat(replay.gradientNorm())
          .isCloseTo(spike.gradientNorm(), within(1e-5 * spike.gradientNorm()));
    }
  }

  @Test
  void recomputedLayers_giveTheSamePowers() throws IOException {
    float[][] kept = finish(plan("off"), "kept", new Recorder());
    float[][] again = finish(plan("off", TinyRun::recomputing), "again", new Recorder());
    assertThat(again[0]).containsExactly(kept[0], within(1e-5f));
  }
}
