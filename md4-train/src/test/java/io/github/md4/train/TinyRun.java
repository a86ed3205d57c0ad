// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.Computation;
import io.github.md4.train.config.GenMd4Config;
import io.github.md4.train.config.Reporting;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.config.WarmStart;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.character.PlainText;
import io.github.md4.train.data.character.TextVocabulary;
import io.github.md4.train.data.quickstart.Quickstart;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.GradientClip;
import io.github.md4.train.optimizer.LearningRateConfig;
import io.github.md4.train.optimizer.LearningRateConfig.Decay;
import io.github.md4.train.optimizer.Optimization;
import io.github.md4.train.optimizer.Spike;
import io.github.md4.train.optimizer.SpikeGuard;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A run that takes milliseconds a step, with everything random switched on. */
public final class TinyRun {
  static final TransformerConfig NETWORK =
      new TransformerConfig(
          4,
          3,
          1,
          2,
          TransformerConfig.Embedding.INSIDE,
          TimeFeatures.T,
          0,
          Activation.SWIGLU,
          TransformerConfig.Conditioning.ADALN,
          true,
          0.1,
          0.1,
          false);

  private TinyRun() {}

  /** The characters of sentences of the quickstart: 2,000 to train on. */
  public static TokenFile tokens(Path folder) throws IOException {
    Path words = folder.resolve("words");
    Quickstart.Sizes sizes = new Quickstart.Sizes(500, 500, 500);
    PreparedData data = Quickstart.prepare(words, sizes, 5, Existing.REPLACE);
    String split = data.splits().get(0).split();
    String text;
    try (TokenFile file = TokenFile.open(words.resolve(split + ".bin"))) {
      text = file.info().orElseThrow().tokenizer().decode(file.read(0, 500));
    }
    Path characters = Files.writeString(folder.resolve("text.txt"), text.substring(0, 2500));
    PlainText.Options options =
        new PlainText.Options(
            TextVocabulary.CHARACTERS, new SplitFractions(0.8, 0.1), Existing.REPLACE);
    Path out = folder;
    assertThat(PlainText.prepare(List.of(characters), out, options).splits()).isNotEmpty();
    return TokenFile.open(out.resolve("train.bin"));
  }

  public static TrainingConfig training(long steps, int microBatch, double base) {
    LearningRateConfig rate = new LearningRateConfig(base, 3, Decay.COSINE);
    return TrainingConfig.defaults()
        .withSeed(7)
        .withBatching(Batching.of(6).withMicroBatch(microBatch))
        .withComputation(Computation.of(Precision.FLOAT32))
        .withOptimization(
            Optimization.defaults()
                .withOptimizer(new AdamW(0.9, 0.99, 1e-8, 0.03))
                .withClip(new GradientClip.Norm(1))
                .withEmaRate(0.9))
        .withSteps(steps, rate)
        .withReporting(Reporting.every(4));
  }

  /** The same training of other batches under another guard. */
  static TrainingConfig with(TrainingConfig t, int batchSize, SpikeGuard guard) {
    Batching batching = t.batching();
    return t.withBatching(
            new Batching(
                batchSize, batching.microBatch(), batching.samples(), batching.timeSampling()))
        .withOptimization(t.optimization().withGuard(guard));
  }

  /** The same training of other batches. */
  public static TrainingConfig sized(TrainingConfig t, int batchSize, int microBatch) {
    return t.withBatching(
        new Batching(batchSize, microBatch, t.batching().samples(), t.batching().timeSampling()));
  }

  /** The same training, its layers computed again on the way back. */
  public static TrainingConfig recomputing(TrainingConfig t) {
    return t.withComputation(t.computation().withRecompute(TrainingOptions.Recompute.LAYER));
  }

  /** The same training with two masked samples of each example. */
  static TrainingConfig twoSamples(TrainingConfig t, GenMd4Config powers, WarmStart warmStart) {
    return t.withBatching(t.batching().withSamples(2)).withPowers(powers).withWarmStart(warmStart);
  }

  static TrainingConfig withTimeAxis(TrainingConfig t, TimeAxis axis) {
    return t.withTimeAxis(axis);
  }

  public static TrainingPlan plan(TrainingConfig training, TokenFile tokens) {
    ModelConfig model = new ModelConfig(11, new Curve.Linear(), 1e-4, NETWORK);
    return new TrainingPlan(
        training,
        new Cadence(0, 5, 2, 10),
        new SavedModel.Description(model, tokens.info().orElseThrow().tokenizer()),
        tokens.info().orElseThrow().sha256());
  }

  /** As {@link #plan}, with the dropout of channels alone. */
  public static TrainingPlan withoutEngineDropout(TrainingConfig training, TokenFile tokens) {
    return withDropout(plan(training, tokens), NETWORK.dropout());
  }

  /** The same plan without any dropout. */
  static TrainingPlan withoutDropout(TrainingPlan plan) {
    return withDropout(plan, 0);
  }

  private static TrainingPlan withDropout(TrainingPlan plan, double channels) {
    TransformerConfig network =
        new TransformerConfig(
            NETWORK.headWidth(),
            NETWORK.heads(),
            NETWORK.keyValueHeads(),
            NETWORK.layers(),
            TransformerConfig.Embedding.OUTSIDE,
            NETWORK.timeFeatures(),
            NETWORK.classes(),
            NETWORK.activation(),
            NETWORK.conditioning(),
            NETWORK.depthScaledInit(),
            channels,
            0,
            NETWORK.causal());
    ModelConfig before = plan.model().config();
    ModelConfig model =
        new ModelConfig(before.length(), before.schedule(), before.epsilon(), network);
    return new TrainingPlan(
        plan.training(),
        plan.cadence(),
        new SavedModel.Description(model, plan.model().tokenizer()),
        plan.dataSha256());
  }

  /** What a run told its listener. */
  static final class Recorder implements TrainingListener {
    final List<StepMetrics> metrics = new ArrayList<>();
    final List<Long> evaluations = new ArrayList<>();
    final List<Long> checkpoints = new ArrayList<>();
    final List<Spike> spikes = new ArrayList<>();
    final List<Long> rollbacks = new ArrayList<>();

    @Override
    public void onMetrics(StepMetrics of) {
      metrics.add(of);
    }

    @Override
    public void onEvaluation(Learner learner) {
      evaluations.add(learner.updates());
    }

    @Override
    public void onCheckpoint(long step, Path folder) {
      checkpoints.add(step);
    }

    @Override
    public void onSpike(Spike spike) {
      spikes.add(spike);
    }

    @Override
    public void onRollback(Spike spike, long step) {
      spikes.add(spike);
      rollbacks.add(step);
    }

    List<Double> losses() {
      return metrics.stream().map(StepMetrics::bitsPerToken).toList();
    }
  }

  /** All numbers of all parameters, in order. */
  public static float[] flat(Parameters parameters) {
    FloatBuffer all = FloatBuffer.allocate(Math.toIntExact(parameters.size()));
    parameters.list().forEach(array -> all.put(array.toFloatArray()));
    return all.array();
  }

  /** The objective of a plan whose schedule is a curve. */
  public static Objective objective(TrainingPlan plan) {
    try (NDManager parent = NDManager.newBaseManager();
        TrainedSchedule schedule = schedule(plan, parent)) {
      return schedule.objective(Weights.RAW);
    }
  }

  /** The schedule of a plan at its start. */
  public static TrainedSchedule schedule(TrainingPlan plan, NDManager parent) {
    return plan.trainedSchedule(parent);
  }

  /** The queries of micro-batches under an objective. */
  public static List<QueryBatch> queries(Objective objective, List<ExampleBatch> batches) {
    return batches.stream().map(batch -> batch.queries(objective)).toList();
  }
}
