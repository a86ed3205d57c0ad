// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Draft;
import io.github.md4.core.diffusion.GenMd4Forward;
import io.github.md4.core.diffusion.GenMd4Gradient;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.MaskedBatch;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.GenMd4Loss;
import io.github.md4.core.internal.torch.Logits;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.train.optimizer.AdamW;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bound under a power of time for each token, the powers learning with the network (GenMD4).
 *
 * <p>They live on the host, since masks must be known there before the network runs: a step's masks
 * follow from the powers after the step before it. What a step finds of them is V numbers and one
 * for each row, read once all its samples are judged; the arithmetic is done while the device is
 * still on its way back.
 */
final class GenMd4Training implements Task {
  /** Masked samples of each example: the leave-one-out term compares two. */
  static final int SAMPLES = 2;

  private final NDManager manager;
  private final double epsilon;
  private final TrainingConfig training;
  private final GenMd4Parameter form;
  private final OptimizerKernels kernels;
  private final FlatArrays gradient;
  private TrainedParameters powers;
  private volatile GenMd4Schedule schedule; // read by the thread that makes batches, too

  private GenMd4Training(
      NDManager manager, GenMd4Parameter form, double epsilon, TrainingConfig training) {
    this.manager = manager;
    this.epsilon = epsilon;
    this.training = training;
    this.form = form;
    this.kernels = new OptimizerKernels(manager);
    this.powers = TrainedParameters.starting(form.initial(manager), training.emaRate());
    this.gradient = powers.parameters().flat().zeros(Precision.FLOAT32);
    this.schedule = schedule(Weights.RAW);
  }

  /** Returns the task with all powers at their initial value. */
  static GenMd4Training starting(
      NDManager parent,
      TokenSpace space,
      LearnedPowers learned,
      double epsilon,
      TrainingConfig training) {
    GenMd4Parameter form = new GenMd4Parameter(learned, space.vocabularySize());
    return new GenMd4Training(parent.newSubManager(Device.cpu()), form, epsilon, training);
  }

  @Override
  public GenMd4Schedule schedule(Weights weights) {
    return form.schedule(powers.weights(weights), epsilon);
  }

  @Override
  public double time(double u) {
    return TimeFloor.time(u);
  }

  @Override
  public Draft draft(int[][] x, Condition condition, double[][] u) {
    return GenMd4Forward.draft(x, condition, u, () -> schedule);
  }

  @Override
  public float[] rowWeights(MaskedBatch batch) {
    return elbo().objectiveWeights(batch, training.sequences());
  }

  @Override
  public Judge judge() {
    return new Step();
  }

  private GenMd4Objective elbo() {
    return new GenMd4Objective(schedule, training.powers().timeFloor());
  }

  @Override
  public double constant() {
    return 0; // the reconstruction term is learned, and in the loss
  }

  @Override
  public Map<String, Double> metrics() {
    DoubleSummaryStatistics all = Arrays.stream(schedule.powers()).summaryStatistics();
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("powerMin", all.getMin());
    metrics.put("powerMean", all.getAverage());
    metrics.put("powerMax", all.getMax());
    return metrics;
  }

  @Override
  public Objective objective(Weights weights) {
    return new GenMd4Objective(schedule(weights), training.powers().timeFloor());
  }

  @Override
  public Map<String, Parameters> weights(Weights weights) {
    return Map.of(GenMd4Parameter.PREFIX, powers.weights(weights));
  }

  @Override
  public Map<String, Parameters> moments() {
    Map<String, Parameters> moments = new LinkedHashMap<>();
    powers.putMoments(moments, GenMd4Parameter.PREFIX);
    return moments;
  }

  @Override
  public void restore(Path folder) throws IOException {
    TrainedParameters.Place place =
        new TrainedParameters.Place(folder, GenMd4Parameter.PREFIX, form.specs());
    powers.close();
    powers = TrainedParameters.read(manager, place, training.emaRate());
    schedule = schedule(Weights.RAW);
  }

  @Override
  public void close() {
    kernels.close();
    gradient.close();
    manager.close();
  }

  private boolean isFrozen() {
    return training.powers().rate() == 0;
  }

  /** Moves the powers down a gradient. */
  private void move(GenMd4Gradient found, Moment moment) {
    float[] raw = powers.parameters().flat().array(0).toFloatArray();
    float[] byRaw = GenMd4Schedule.gradientByRaw(found.byPower(), raw);
    if (!isFinite(byRaw)) {
      throw PendingUpdates.diverged("the loss of", moment.update(), training.seed());
    }
    gradient.set(0, byRaw);
    training.clip().apply(kernels, gradient);
    AdamW.Step step =
        new AdamW.Step(
            moment.update(), moment.rate() * training.powers().rate(), training.emaRate());
    training
        .powers()
        .optimizer(training.optimizer())
        .step(kernels, powers.trained(), gradient, step);
    schedule = moved(moment.update());
  }

  private GenMd4Schedule moved(long update) {
    try {
      return schedule(Weights.RAW);
    } catch (IllegalArgumentException e) {
      throw new DivergedException(
          ("the powers after step %d (seed %d): %s; the last checkpoint is from before it: lower"
                  + " training.powers.rate, 0 freezes them, then resume")
              .formatted(update, training.seed(), e.getMessage()));
    }
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** A step: its samples in two halves, the same examples in both. */
  private final class Step implements Judge {
    private final GenMd4Objective elbo = elbo();
    private final float[] narrow = elbo.narrowPowers();
    private final List<MaskedBatch> batches = new ArrayList<>();
    private final List<GenMd4Loss> losses = new ArrayList<>();
    private final List<GenMd4Gradient.Judged> judged = new ArrayList<>();

    @Override
    public NDArray judge(NDManager scope, Logits logits, Question question) {
      GenMd4Loss loss = logits.genMd4(scope, question.targets(), question.weights(), narrow);
      batches.add(question.batch());
      losses.add(loss);
      return loss.sum().add(reconstruction(question.batch()));
    }

    private float reconstruction(MaskedBatch batch) {
      double sum = 0;
      for (int[] x : batch.x()) {
        sum += elbo.reconstruction(x);
      }
      return (float) (sum * elbo.share(batch, training.sequences()));
    }

    @Override
    public void allJudged() {
      if (!isFrozen()) {
        for (int i = 0; i < losses.size(); i++) {
          GenMd4Loss loss = losses.get(i);
          judged.add(
              new GenMd4Gradient.Judged(
                  batches.get(i), loss.ofRows().toFloatArray(), loss.byPower().toFloatArray()));
        }
      }
    }

    @Override
    public void learn(Moment moment) {
      if (!isFrozen() && moment.isMade().getAsBoolean()) {
        GenMd4Gradient found = new GenMd4Gradient(elbo, training.batchSize());
        int half = judged.size() / SAMPLES;
        for (int i = 0; i < half; i++) {
          found.add(judged.get(i), judged.get(half + i));
        }
        move(found, moment);
      }
    }
  }
}
