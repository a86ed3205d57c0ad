// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.NoiseParameter;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.transformer.GaussianTransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.LearnedNoise;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.NoiseCurve;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training of Gaussian diffusion with a learned noise. */
final class LearnedNoiseTrainingTest {
  private static final String LEARNED = "learned-noise(1, -7)";

  @TempDir Path folder;
  private TokenFile tokens;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder);
  }

  private TrainingPlan plan(TrainingConfig training, String schedule) {
    TrainingPlan plan = TinyRun.plan(training, tokens);
    GaussianTransformerConfig network =
        new GaussianTransformerConfig(
            4,
            0.25,
            TinyRun.NETWORK.headWidth(),
            TinyRun.NETWORK.heads(),
            TinyRun.NETWORK.keyValueHeads(),
            TinyRun.NETWORK.layers(),
            TinyRun.NETWORK.activation(),
            TinyRun.NETWORK.conditioning(),
            true,
            0,
            0);
    ModelConfig model =
        new ModelConfig(
            ObjectiveKind.parse("gaussian(4)"),
            plan.model().config().length(),
            ScheduleConfig.parse(schedule),
            1e-4,
            network);
    return new TrainingPlan(
        training,
        plan.cadence(),
        new SavedModel.Description(model, plan.model().tokenizer()),
        plan.dataSha256());
  }

  private static TrainingConfig training(long steps, int microBatch, double rate) {
    GenMd4Config powers = new GenMd4Config(rate, true, TimeFloor.REFERENCE);
    return TinyRun.training(steps, microBatch, 1e-2).withPowers(powers);
  }

  private RunFolder runFolder(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private static float[] raw(Learner learner, Weights weights) {
    return new NoiseParameter(new LearnedNoise())
        .raw(learner.model().sets(weights).get(GenMd4Parameter.PREFIX));
  }

  /** The noise's parameters, then the network's, after some updates. */
  private float[][] after(int updates, TrainingPlan plan) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      Batches batches =
          new Batches(new TrainingWindows(tokens, 11, 7), new Noise(7), plan.training().batching());
      for (int step = 0; step < updates; step++) {
        learner.update(manager, learner.prepare(step, batches.of(step))).close();
      }
      return new float[][] {raw(learner, Weights.RAW), TinyRun.flat(learner.model().parameters())};
    }
  }

  private static double distance(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]));
    }
    return most;
  }

  @Test
  @Tag("exact")
  void update_movesEndsAndShape_theSameForAnyMicroBatch() {
    float[] start = new LearnedNoise(1, -7).initial();
    float[][] whole = after(4, plan(training(9, 6, 1), LEARNED));
    float[][] split = after(4, plan(training(9, 2, 1), LEARNED));
    // As in LearnerTest: float32 sums in another order, magnified by Adam's division.
    assertThat(distance(whole[0], split[0])).isLessThan(1e-5);
    assertThat(distance(whole[1], split[1])).isLessThan(1e-4);
    assertThat(whole[0][1]).isNotEqualTo(start[1]);
    assertThat(distance(whole[0], start)).isGreaterThan(1e-3);
  }

  @Test
  @Tag("exact")
  void rateZero_freezesTheNoiseAndLeavesTheNetworkLearning() {
    float[][] frozen = after(3, plan(training(9, 6, 0), LEARNED));
    assertThat(frozen[0]).isEqualTo(new LearnedNoise(1, -7).initial());
    assertThat(distance(frozen[1], after(0, plan(training(9, 6, 0), LEARNED))[1]))
        .isGreaterThan(1e-4);
  }

  /** A rate that is too large moves the ends to their bounds, and no further. */
  @Test
  @Tag("exact")
  void endsThatRunAway_stayInReach() {
    float[] raw = after(4, plan(training(9, 6, 1e5), LEARNED))[0];
    assertThat(raw[0]).isBetween(-11f, 12f);
    assertThat(raw[1]).isBetween(-12f, raw[0] - 1);
  }

  @Test
  @Tag("slow")
  void resume_isBitForBitTheRunThatWasNeverStopped() throws IOException {
    TrainingPlan plan = plan(training(8, 3, 1), LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Recorder whole = new Recorder();
      Recorder cut = new Recorder();
      try (TrainingRun begun = TrainingRun.start(runFolder("cut"), plan, tokens, manager)) {
        assertThat(begun.run(cut, () -> begun.updates() == 4))
            .isEqualTo(TrainingRun.Outcome.INTERRUPTED);
      }
      try (TrainingRun run = TrainingRun.start(runFolder("whole"), plan, tokens, manager)) {
        run.run(whole);
        try (TrainingRun resumed = TrainingRun.resume(runFolder("cut"), plan, tokens, manager)) {
          resumed.run(cut);
          for (Weights weights : Weights.values()) {
            Map<String, Parameters> expected = run.learner().model().sets(weights);
            resumed
                .learner()
                .model()
                .sets(weights)
                .forEach(
                    (prefix, set) ->
                        assertThat(TinyRun.flat(set))
                            .isEqualTo(TinyRun.flat(expected.get(prefix))));
          }
        }
      }
      assertThat(whole.metrics.get(0).schedule()).containsOnlyKeys("logSnrStart", "logSnrEnd");
      assertThat(cut.metrics.stream().map(m -> m.bitsPerToken() + " " + m.schedule()).toList())
          .isEqualTo(
              whole.metrics.stream().map(m -> m.bitsPerToken() + " " + m.schedule()).toList());
    }
  }

  @Test
  @Tag("slow")
  void run_leavesTheModelWithItsNoise_whichNoCurveMayReplace() throws IOException {
    TrainingPlan plan = plan(training(5, 6, 1), LEARNED);
    RunFolder run = runFolder("run");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      try (TrainingRun trained = TrainingRun.start(run, plan, tokens, manager)) {
        trained.run(new Recorder());
        try (SavedModel model =
            SavedModel.load(run.model(), Weights.EMA, manager, Precision.FLOAT32)) {
          NoiseCurve expected = LearnedNoise.curve(raw(trained.learner(), Weights.EMA));
          assertThat(model.schedule()).isEqualTo(new MaskingSchedule(expected, 0));
          assertThat(model.parameterCount())
              .isEqualTo(trained.learner().model().parameters().size() + 34);
          assertThat(trained.learner().model().objective(Weights.EMA))
              .isInstanceOf(GaussianObjective.class);
        }
      }
      TrainingPlan fixed = plan(training(8, 6, 1), "linear");
      assertThatThrownBy(() -> TrainingRun.resume(run, fixed, tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining("model.schedule")
          .hasMessageContaining("set it to learned-noise(1, -7)");
      Path config = run.model().resolve("config.json");
      Files.writeString(config, Files.readString(config).replace("learned-noise(1, -7)", "linear"));
      assertThatThrownBy(
              () -> SavedModel.load(run.model(), Weights.EMA, manager, Precision.FLOAT32))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("has a learned noise, but config.json beside it says");
    }
  }

  /** The bound falls with both learning. */
  @Test
  @Tag("slow")
  void update_learnsABatchByHeart() {
    TrainingConfig training = training(200, 6, 3);
    TrainingPlan plan = plan(training, LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, training, plan.trainedSchedule(manager))) {
      Batches batches =
          new Batches(new TrainingWindows(tokens, 11, 7), new Noise(7), training.batching());
      double first = 0;
      double last = 0;
      for (int step = 0; step < 120; step++) {
        try (UpdateNumbers numbers =
            learner.update(manager, learner.prepare(step, batches.of(step % 4)))) {
          float loss = numbers.read().loss();
          first += step < 8 ? loss : 0;
          last += step >= 112 ? loss : 0;
        }
      }
      assertThat(last).isLessThan(0.7 * first);
    }
  }
}
