// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.schedule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.GaussianObjective;
import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.NoiseGradient;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.FormulaLoss;
import io.github.md4.core.loss.GaussianLoss;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.NoiseParameter;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.LearnedNoise;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.NoiseCurve;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedMicroBatch;
import io.github.md4.train.optimizer.AdamW;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The bound of Gaussian diffusion under a noise that is learned with the network: its ends by the
 * bound, its shape by the variance of the estimate ({@link NoiseGradient}). No weight decay pulls
 * at it.
 */
final class LearnedNoiseSchedule implements TrainedSchedule {
  private final TokenSpace space;
  private final int width;
  private final TrainingConfig training;
  private final NoiseParameter form;
  private final ScheduleParameters noise;
  private volatile NoiseCurve curve; // read by the thread that makes batches, too

  private LearnedNoiseSchedule(
      NDManager parent, TokenSpace space, int width, NoiseParameter form, TrainingConfig training) {
    this.space = space;
    this.width = width;
    this.training = training;
    this.form = form;
    this.noise = new ScheduleParameters(parent, form.specs(), training);
    this.curve = now();
  }

  /** Returns the task with the noise that a config gives. */
  static LearnedNoiseSchedule starting(
      NDManager parent,
      TokenSpace space,
      LearnedNoise learned,
      ModelConfig model,
      TrainingConfig training) {
    return new LearnedNoiseSchedule(
        parent, space, model.objective().vectorWidth(), new NoiseParameter(learned), training);
  }

  private NoiseCurve now() {
    return LearnedNoise.curve(form.raw(noise.weights(Weights.RAW)));
  }

  @Override
  public MaskingSchedule schedule(Weights weights) {
    return form.schedule(noise.weights(weights));
  }

  @Override
  public GaussianObjective objective(Weights weights) {
    return objective(schedule(weights));
  }

  private GaussianObjective objective() {
    return objective(new MaskingSchedule(curve, 0));
  }

  private GaussianObjective objective(MaskingSchedule schedule) {
    return new GaussianObjective(space, new GaussianProcess(schedule, width));
  }

  /** Turns the uniforms into normals now; their sizes wait for the noise of the step. */
  @Override
  public <T> Supplier<T> prepare(ExampleBatch examples, Function<QueryBatch, T> ready) {
    GaussianProcess process = objective().process();
    double[][] normals = new double[examples.batchSize()][];
    IntStream.range(0, normals.length)
        .parallel()
        .forEach(b -> normals[b] = process.normals(examples.u()[b]));
    return () -> ready.apply(queries(examples, normals));
  }

  private QueryBatch queries(ExampleBatch examples, double[][] normals) {
    GaussianObjective now = objective();
    Query[] queries = new Query[normals.length];
    IntStream.range(0, queries.length)
        .parallel()
        .forEach(b -> queries[b] = now.queryAround(examples.x()[b], examples.v()[b], normals[b]));
    return QueryBatch.of(examples.x(), examples.labels(), Arrays.asList(queries));
  }

  @Override
  public Step begin() {
    return new NoiseStep();
  }

  @Override
  public double constant() {
    return 0; // the prior is learned, and in the loss
  }

  @Override
  public Map<String, Double> metrics() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("logSnrStart", curve.start());
    metrics.put("logSnrEnd", curve.end());
    return metrics;
  }

  @Override
  public Map<String, Parameters> weights(Weights weights) {
    return noise.sets(weights);
  }

  @Override
  public Map<String, Parameters> moments() {
    return noise.moments();
  }

  @Override
  public void restore(Path folder) throws IOException {
    noise.restore(folder);
    curve = now();
  }

  @Override
  public void close() {
    noise.close();
  }

  private void move(NoiseGradient found, Update update) {
    double[] all = update.communicator().sum(found.sums());
    float[] byRaw = found.byRaw(all, form.raw(noise.weights(Weights.RAW)));
    AdamW network = training.optimization().optimizer();
    noise.move(byRaw, new AdamW(network.beta1(), network.beta2(), network.epsilon(), 0), update);
    float[] moved = form.raw(noise.weights(Weights.RAW));
    LearnedNoise.confine(moved);
    noise.set(moved);
    curve = now();
  }

  /** A loss that keeps the rows' losses in the scope of a step. */
  private record Kept(FormulaLoss of, NDManager scope, List<NDArray> losses)
      implements FormulaLoss {
    @Override
    public Values values(NDArray logits, AskedRows.OnDevice rows) {
      Values values = of.values(logits, rows);
      NDArray kept = values.losses().duplicate();
      kept.attach(scope);
      losses.add(kept);
      return values;
    }
  }

  /** A step: the squared losses of its examples, and the losses at both ends. */
  private final class NoiseStep implements Step {
    private final NoiseGradient gradient = new NoiseGradient(curve, width);
    private final GaussianLoss loss = new GaussianLoss(space.vocabularySize());
    private final double prior = Units.bitsPerToken(objective().process().prior());
    private final List<QueryBatch> batches = new ArrayList<>();
    private final List<List<NDArray>> losses = new ArrayList<>();
    private final List<float[]> known = new ArrayList<>();

    @Override
    public NDArray loss(NDManager scope, Logits logits, PreparedMicroBatch part) {
      List<NDArray> ofRows = new ArrayList<>();
      batches.add(part.queries());
      losses.add(ofRows);
      double share = (double) part.queries().batchSize() / training.batching().sequences();
      return logits
          .formula(scope, new Kept(loss, scope, ofRows), part.rows(), part.weights())
          .add((float) (prior * share));
    }

    @Override
    public void allLossesKnown() {
      if (!noise.isFrozen()) {
        for (int i = 0; i < batches.size(); i++) {
          known.add(read(losses.get(i)));
        }
      }
    }

    private static float[] read(List<NDArray> chunks) {
      float[] all = new float[(int) chunks.stream().mapToLong(NDArray::size).sum()];
      int first = 0;
      for (NDArray chunk : chunks) {
        float[] some = chunk.toFloatArray();
        System.arraycopy(some, 0, all, first, some.length);
        first += some.length;
      }
      return all;
    }

    @Override
    public void learn(Update update) {
      if (!noise.isFrozen() && update.isMade().getAsBoolean()) {
        for (int i = 0; i < known.size(); i++) {
          gradient.add(batches.get(i), known.get(i));
        }
        move(gradient, update);
      }
    }
  }
}
