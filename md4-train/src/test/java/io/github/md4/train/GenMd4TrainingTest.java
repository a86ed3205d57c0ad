// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.ScheduleConfig;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TinyRun.Recorder;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.window.TrainingWindows;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training with learned powers. */
final class GenMd4TrainingTest {
  private static final String LEARNED = "learned(1)";

  @TempDir Path folder;
  private TokenFile tokens;

  @BeforeEach
  void prepare() throws IOException {
    tokens = TinyRun.tokens(folder);
  }

  private TrainingPlan plan(TrainingConfig training, String schedule) {
    TrainingPlan plan = TinyRun.withoutEngineDropout(training, tokens);
    ModelConfig model = plan.model().config();
    return new TrainingPlan(
        training,
        plan.cadence(),
        new SavedModel.Description(
            new ModelConfig(
                model.length(), ScheduleConfig.parse(schedule), model.epsilon(), model.network()),
            plan.model().tokenizer()),
        plan.dataSha256());
  }

  private static TrainingConfig training(long steps, int microBatch, GenMd4Config powers) {
    return TinyRun.twoSamples(
        TinyRun.training(steps, microBatch, 1e-2), powers, new WarmStart.None());
  }

  private static GenMd4Config powers(double rate) {
    return new GenMd4Config(rate, true, TimeFloor.REFERENCE);
  }

  private RunFolder runFolder(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private Batches batches(TrainingPlan plan) {
    TrainingWindows windows = new TrainingWindows(tokens, 11, 7);
    return new Batches(windows, new Noise(7), plan.training().batching());
  }

  private static float[] raw(Learner learner, Weights weights) {
    return TinyRun.flat(learner.model().sets(weights).get(GenMd4Parameter.PREFIX));
  }

  /** The powers' parameters, then the network's, after some updates. */
  private float[][] after(int updates, TrainingPlan plan) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      Batches batches = batches(plan);
      for (int step = 0; step < updates; step++) {
        learner.update(manager, learner.prepare(step, batches.of(step))).close();
      }
      return new float[][] {raw(learner, Weights.RAW), TinyRun.flat(learner.model().parameters())};
    }
  }

  private static QueryBatch queries(Learner learner, ExampleBatch batch) {
    return learner.model().trainedSchedule().prepare(batch, queries -> queries).get();
  }

  private static void run(TrainingRun run, Recorder recorder) throws IOException {
    assertThat(run.run(recorder, () -> false)).isEqualTo(TrainingRun.Outcome.FINISHED);
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
  void update_isTheSameForAnyMicroBatch() {
    float[][] whole = after(3, plan(training(9, 6, powers(1)), LEARNED));
    float[][] split = after(3, plan(training(9, 2, powers(1)), LEARNED));
    // As in LearnerTest: float32 sums in another order, magnified by Adam's division.
    assertThat(distance(whole[0], split[0])).isLessThan(1e-6);
    assertThat(distance(whole[1], split[1])).isLessThan(1e-5);
    float start = new LearnedPowers(1, LearnedPowers.Sharing.NONE).initialRaw();
    for (float each : whole[0]) {
      assertThat((double) Math.abs(each - start)).isGreaterThan(1e-4);
    }
  }

  /** What the optimizer is given after one update, against plain loops over the same samples. */
  @Test
  @Tag("naive")
  void firstMoment_isATenthOfTheClippedGradient() {
    TrainingConfig training = training(9, 3, powers(1));
    TrainingPlan plan = TinyRun.withoutDropout(plan(training, LEARNED));
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, training, plan.trainedSchedule(manager))) {
      List<ExampleBatch> step = batches(plan).of(0);
      NaiveGenMd4Gradient naive = new NaiveGenMd4Gradient(manager, learner, 6);
      naive.add(queries(learner, step.get(0)), queries(learner, step.get(2)));
      naive.add(queries(learner, step.get(1)), queries(learner, step.get(3)));
      double[] expected = naive.clippedByNorm(1);
      learner.update(manager, learner.prepare(learner.updates(), step)).close();
      float[] moment =
          TinyRun.flat(learner.model().trainedSchedule().moments().get("first.schedule."));
      for (int v = 0; v < expected.length; v++) {
        // Sums of float32 losses of up to 100 nats, over 66 tokens.
        assertThat((double) moment[v]).isCloseTo(0.1 * expected[v], within(1e-6));
      }
    }
  }

  @Test
  @Tag("exact")
  void rateZero_freezesThePowersAndLeavesTheNetworkLearning() {
    float[][] start = after(0, plan(training(9, 6, powers(0)), LEARNED));
    float[][] frozen = after(3, plan(training(9, 6, powers(0)), LEARNED));
    assertThat(frozen[0]).isEqualTo(start[0]);
    assertThat(distance(frozen[1], start[1])).isGreaterThan(1e-4);
  }

  /**
   * The first update has rate 0, the second moves each parameter by the rate, whatever its size.
   */
  @Test
  @Tag("exact")
  void rate_isThePowersOwn() {
    float[] start = after(0, plan(training(9, 6, powers(1)), LEARNED))[0];
    double full = distance(after(2, plan(training(9, 6, powers(1)), LEARNED))[0], start);
    double tenth = distance(after(2, plan(training(9, 6, powers(0.1)), LEARNED))[0], start);
    assertThat(full).isBetween(1e-3, 1e-2 / 3 * 1.1);
    assertThat(tenth).isCloseTo(0.1 * full, within(1e-6));
  }

  @Test
  @Tag("exact")
  void decay_pullsOnlyWhereItIsAsked() {
    GenMd4Config free = new GenMd4Config(1, false, TimeFloor.REFERENCE);
    float[] decayed = after(2, plan(training(9, 6, powers(1)), "learned(5)"))[0];
    float[] undecayed = after(2, plan(training(9, 6, free), "learned(5)"))[0];
    // rate * decay * parameter at the second update; that of the first is 0.
    double pull = 1e-2 / 3 * 0.03 * new LearnedPowers(5, LearnedPowers.Sharing.NONE).initialRaw();
    for (int v = 0; v < decayed.length; v++) {
      assertThat((double) undecayed[v] - decayed[v]).isCloseTo(pull, within(1e-6));
    }
  }

  @Test
  @Tag("exact")
  void aSharedPower_isOneParameter() {
    float[][] shared = after(3, plan(training(9, 6, powers(1)), "learned(1, shared)"));
    assertThat(shared[0]).hasSize(1);
    assertThat((double) shared[0][0]).isNotCloseTo(0.541325, within(1e-4));
  }

  @Test
  @Tag("slow")
  void resume_isBitForBitTheRunThatWasNeverStopped() throws IOException {
    TrainingPlan plan = plan(training(12, 3, powers(1)), LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      Recorder whole = new Recorder();
      Recorder cut = new Recorder();
      try (TrainingRun begun = TrainingRun.start(runFolder("cut"), plan, tokens, manager)) {
        assertThat(begun.run(cut, () -> begun.updates() == 6))
            .isEqualTo(TrainingRun.Outcome.INTERRUPTED);
      }
      try (TrainingRun run = TrainingRun.start(runFolder("whole"), plan, tokens, manager)) {
        run(run, whole);
        try (TrainingRun resumed = TrainingRun.resume(runFolder("cut"), plan, tokens, manager)) {
          run(resumed, cut);
          for (Weights weights : Weights.values()) {
            Map<String, Parameters> expected = run.learner().model().sets(weights);
            Map<String, Parameters> ours = resumed.learner().model().sets(weights);
            assertThat(ours).containsOnlyKeys("", "schedule.");
            ours.forEach(
                (prefix, set) ->
                    assertThat(TinyRun.flat(set)).isEqualTo(TinyRun.flat(expected.get(prefix))));
          }
        }
      }
      assertThat(cut.metrics.stream().map(m -> m.bitsPerToken() + " " + m.schedule()).toList())
          .isEqualTo(
              whole.metrics.stream().map(m -> m.bitsPerToken() + " " + m.schedule()).toList());
      assertThat(whole.metrics.get(2).schedule())
          .containsOnlyKeys("powerMin", "powerMean", "powerMax");
    }
  }

  @Test
  @Tag("slow")
  void run_leavesTheModelWithItsPowers() throws IOException {
    TrainingPlan plan = plan(training(5, 6, powers(1)), LEARNED);
    RunFolder run = runFolder("run");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TrainingRun trained = TrainingRun.start(run, plan, tokens, manager)) {
      run(trained, new Recorder());
      try (SavedModel model =
          SavedModel.load(run.model(), Weights.EMA, manager, Precision.FLOAT32)) {
        GenMd4Schedule schedule = (GenMd4Schedule) model.schedule();
        float[] raw = raw(trained.learner(), Weights.EMA);
        assertThat(schedule.powers())
            .isEqualTo(GenMd4Schedule.ofRaw(raw, raw.length, 1e-4).powers());
        assertThat(schedule.power(0)).isNotCloseTo(1, within(1e-5));
        assertThat(model.parameterCount())
            .isEqualTo(trained.learner().model().parameters().size() + raw.length);
      }
    }
  }

  /** The bound falls, and the powers part. */
  @Test
  @Tag("slow")
  void update_learnsOneBatchByHeart() {
    TrainingConfig training = training(400, 6, powers(3));
    TrainingPlan plan = plan(training, LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, training, plan.trainedSchedule(manager))) {
      Batches batches = batches(plan);
      float first = loss(learner, manager, batches.of(0));
      for (int step = 1; step < 200; step++) {
        learner.update(manager, learner.prepare(step, batches.of(step % 2))).close();
      }
      assertThat(loss(learner, manager, batches.of(0))).isLessThan(0.6f * first);
      Map<String, Double> powers = learner.model().trainedSchedule().metrics();
      assertThat(powers.get("powerMax") / powers.get("powerMin")).isGreaterThan(1.2);
    }
  }

  private static float loss(Learner learner, NDManager manager, List<ExampleBatch> step) {
    try (UpdateNumbers numbers =
        learner.update(manager, learner.prepare(learner.updates(), step))) {
      return numbers.read().loss();
    }
  }

  @Test
  @Tag("slow")
  void update_leavesNothingBehindIn100Steps() {
    TrainingPlan plan = plan(training(300, 3, powers(1)), LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Network network = plan.model().network(manager, Precision.FLOAT32);
        Learner learner =
            Learner.initial(manager, network, plan.training(), plan.trainedSchedule(manager))) {
      Batches batches = batches(plan);
      learner.update(manager, learner.prepare(0, batches.of(0))).close();
      NDManager all = manager.getParentManager();
      int before = all.getManagedArrays().size();
      for (int step = 1; step <= 100; step++) {
        learner.update(manager, learner.prepare(step, batches.of(step))).close();
      }
      assertThat(all.getManagedArrays()).hasSize(before);
    }
  }

  @Test
  @Tag("exact")
  void powersThatRunAway_stopTheTraining() {
    TrainingPlan plan = plan(training(9, 6, powers(1e6)), LEARNED);
    assertThatThrownBy(() -> after(3, plan))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith("the powers after step 2 (seed 7): the power of token ")
        .hasMessageContaining("must be above 0 and at most 1000: ")
        .hasMessageContaining("lower training.powers.rate, 0 freezes them, then resume");
  }

  @Test
  @Tag("exact")
  void aLearnedSchedule_needsTwoSamplesAndContinuousTime() {
    TrainingConfig one = TinyRun.training(9, 6, 1e-2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrainedSchedule.check(ScheduleConfig.parse(LEARNED), one))
        .withMessage("training.samples must be 2 where model.schedule is learned: 1");
    TrainingConfig steps =
        TinyRun.withTimeAxis(training(9, 6, powers(1)), new TimeAxis.Discrete(5));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrainedSchedule.check(ScheduleConfig.parse(LEARNED), steps))
        .withMessage(
            "training.timeAxis must be continuous where model.schedule is learned: discrete(5)");
    TrainedSchedule.check(ScheduleConfig.parse("linear"), one);
  }

  @Test
  @Tag("slow")
  void warmStart_takesTheNetworkAndNotItsSchedule() throws IOException {
    RunFolder md4 = runFolder("md4");
    TrainingPlan before = plan(TinyRun.training(5, 6, 1e-2), "linear");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      float[] average;
      try (TrainingRun trained = TrainingRun.start(md4, before, tokens, manager)) {
        run(trained, new Recorder());
        average = TinyRun.flat(trained.learner().model().average());
      }
      TrainingConfig training =
          TinyRun.twoSamples(
              TinyRun.training(5, 6, 1e-2), powers(1), new WarmStart.Model(md4.path()));
      TrainingPlan warm = plan(training, "learned(2)");
      try (TrainingRun run = TrainingRun.start(runFolder("gen"), warm, tokens, manager)) {
        assertThat(TinyRun.flat(run.learner().model().parameters())).isEqualTo(average);
        assertThat(raw(run.learner(), Weights.RAW))
            .containsOnly(new LearnedPowers(2, LearnedPowers.Sharing.NONE).initialRaw());
      }
      TrainingPlan resumed = plan(training(9, 6, powers(1)), LEARNED);
      assertThatThrownBy(() -> TrainingRun.resume(md4, resumed, tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining("model.schedule: is learned(1), but the weights in ")
          .hasMessageContaining(
              "were trained with linear; start another run, training.warmStart: ");
    }
  }

  @Test
  @Tag("slow")
  void warmStart_refusesAModelThatDoesNotFit() throws IOException {
    RunFolder gen = runFolder("gen");
    TrainingPlan before = plan(training(5, 6, powers(1)), LEARNED);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        TrainingRun trained = TrainingRun.start(gen, before, tokens, manager)) {
      run(trained, new Recorder());
      TrainingConfig training =
          TinyRun.twoSamples(
              TinyRun.training(5, 6, 1e-2), powers(1), new WarmStart.Model(gen.path()));
      assertThatThrownBy(
              () ->
                  TrainingRun.start(runFolder("curve"), plan(training, "linear"), tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessage(
              "training.warmStart: "
                  + gen.path()
                  + " was trained with learned powers; set model.schedule to learned(1) too");
      assertThatThrownBy(
              () ->
                  TrainingRun.start(
                      runFolder("other"), TinyRun.plan(training, tokens), tokens, manager))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessageContaining("has another network than model.network");
    }
  }
}
