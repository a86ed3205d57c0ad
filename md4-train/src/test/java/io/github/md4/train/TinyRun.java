// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TrainingConfig.Decay;
import io.github.md4.train.TrainingConfig.Rate;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.Quickstart;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.GradientClip;
import io.github.md4.train.optimizer.SpikeGuard;
import java.io.IOException;
import java.nio.FloatBuffer;
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

  public static TokenFile tokens(Path folder) throws IOException {
    Quickstart.Sizes sizes = new Quickstart.Sizes(2000, 500, 500);
    PreparedData data = Quickstart.prepare(folder, sizes, 1, Existing.REPLACE);
    return TokenFile.open(folder.resolve(data.splits().get(0).split() + ".bin"));
  }

  public static TrainingConfig training(long steps, int microBatch, double base) {
    return new TrainingConfig(
        7,
        steps,
        6,
        microBatch,
        Precision.FLOAT32,
        Precision.FLOAT32,
        TrainingOptions.Kernels.AUTO,
        TrainingOptions.Recompute.NONE,
        new TimeAxis.Continuous(),
        new TimeSampling.Stratified(),
        1,
        new Rate(base, 3, Decay.COSINE),
        new AdamW(0.9, 0.99, 1e-8, 0.03),
        new GradientClip.Norm(1),
        new SpikeGuard.Off(),
        0.9,
        GenMd4Config.defaults(),
        new WarmStart.None(),
        4,
        new PeakFlops.Measured(),
        false);
  }

  /** The same training of other batches under another guard. */
  static TrainingConfig with(TrainingConfig t, int batchSize, SpikeGuard guard) {
    return with(t, new int[] {batchSize, t.microBatch()}, guard, t.recompute(), Masking.of(t));
  }

  /** The same training of other batches. */
  static TrainingConfig sized(TrainingConfig t, int batchSize, int microBatch) {
    int[] sizes = {batchSize, microBatch};
    return with(t, sizes, t.guard(), t.recompute(), Masking.of(t));
  }

  /** The same training, its layers computed again on the way back. */
  static TrainingConfig recomputing(TrainingConfig t) {
    int[] sizes = {t.batchSize(), t.microBatch()};
    return with(t, sizes, t.guard(), TrainingOptions.Recompute.LAYER, Masking.of(t));
  }

  /** The same training with two masked samples of each example. */
  static TrainingConfig twoSamples(TrainingConfig t, GenMd4Config powers, WarmStart warmStart) {
    return with(t, new Masking(t.timeAxis(), 2, powers, warmStart));
  }

  static TrainingConfig withTimeAxis(TrainingConfig t, TimeAxis axis) {
    return with(t, new Masking(axis, t.samples(), t.powers(), t.warmStart()));
  }

  private static TrainingConfig with(TrainingConfig t, Masking masking) {
    int[] sizes = {t.batchSize(), t.microBatch()};
    return with(t, sizes, t.guard(), t.recompute(), masking);
  }

  /** What a schedule asks of a training. */
  private record Masking(TimeAxis axis, int samples, GenMd4Config powers, WarmStart warmStart) {
    private static Masking of(TrainingConfig t) {
      return new Masking(t.timeAxis(), t.samples(), t.powers(), t.warmStart());
    }
  }

  private static TrainingConfig with(
      TrainingConfig t,
      int[] sizes,
      SpikeGuard guard,
      TrainingOptions.Recompute recompute,
      Masking masking) {
    return new TrainingConfig(
        t.seed(),
        t.steps(),
        sizes[0],
        sizes[1],
        t.precision(),
        t.residual(),
        t.kernels(),
        recompute,
        masking.axis,
        t.timeSampling(),
        masking.samples,
        t.learningRate(),
        t.optimizer(),
        t.clip(),
        guard,
        t.emaRate(),
        masking.powers,
        masking.warmStart,
        t.logEvery(),
        t.peakFlops(),
        t.tf32());
  }

  public static TrainingRun.Plan plan(TrainingConfig training, TokenFile tokens) {
    ModelConfig model = new ModelConfig(11, new Curve.Linear(), 1e-4, NETWORK);
    return new TrainingRun.Plan(
        training,
        new TrainingRun.Schedule(0, 5, 2, 10),
        new SavedModel.Description(model, tokens.info().orElseThrow().tokenizer()),
        tokens.info().orElseThrow().sha256());
  }

  /** As {@link #plan}, with the dropout of channels alone. */
  static TrainingRun.Plan withoutEngineDropout(TrainingConfig training, TokenFile tokens) {
    return withDropout(plan(training, tokens), NETWORK.dropout());
  }

  /** The same plan without any dropout. */
  static TrainingRun.Plan withoutDropout(TrainingRun.Plan plan) {
    return withDropout(plan, 0);
  }

  private static TrainingRun.Plan withDropout(TrainingRun.Plan plan, double channels) {
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
    return new TrainingRun.Plan(
        plan.training(),
        plan.schedule(),
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
  static float[] flat(Parameters parameters) {
    FloatBuffer all = FloatBuffer.allocate(Math.toIntExact(parameters.size()));
    parameters.list().forEach(array -> all.put(array.toFloatArray()));
    return all.array();
  }
}
