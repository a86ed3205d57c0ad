// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.schedule;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.GenMd4Gradient;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Query;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.model.GenMd4Parameter;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.train.batch.ExampleBatch;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedMicroBatch;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.DivergedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The bound under a power of time for each token, the powers learning with the network (GenMD4).
 *
 * <p>They live on the host, since masks must be known there before the network runs: a step's masks
 * follow from the powers after the step before it. What a step finds of them is V numbers and one
 * for each row, read once all its samples are judged; the arithmetic is done while the device is
 * still on its way back.
 */
final class LearnedSchedule implements TrainedSchedule {
  /** Masked samples of each example: the leave-one-out term compares two. */
  static final int SAMPLES = 2;

  private final double epsilon;
  private final TrainingConfig training;
  private final GenMd4Parameter form;
  private final ScheduleParameters powers;
  private volatile GenMd4Schedule schedule; // read by the thread that makes batches, too

  private LearnedSchedule(
      NDManager parent, GenMd4Parameter form, double epsilon, TrainingConfig training) {
    this.epsilon = epsilon;
    this.training = training;
    this.form = form;
    this.powers = new ScheduleParameters(parent, form.specs(), training);
    this.schedule = schedule(Weights.RAW);
  }

  /** Returns the task with all powers at their initial value. */
  static LearnedSchedule starting(
      NDManager parent,
      TokenSpace space,
      LearnedPowers learned,
      ModelConfig model,
      TrainingConfig training) {
    TrainedSchedule.check(learned, training);
    GenMd4Parameter form = new GenMd4Parameter(learned, space.vocabularySize());
    return new LearnedSchedule(parent, form, model.epsilon(), training);
  }

  @Override
  public GenMd4Schedule schedule(Weights weights) {
    return form.schedule(powers.weights(weights), epsilon);
  }

  /** Turns the noise into critical powers now; the comparison with the powers waits for them. */
  @Override
  public <T> Supplier<T> prepare(ExampleBatch examples, Function<QueryBatch, T> ready) {
    int batchSize = examples.batchSize();
    double[] times = Arrays.stream(examples.v()).map(TimeFloor::time).toArray();
    double[][] critical = new double[batchSize][];
    IntStream.range(0, batchSize)
        .parallel()
        .forEach(b -> critical[b] = critical(times[b], examples.u()[b]));
    return () -> {
      GenMd4Objective now = objective();
      List<Query> queries = new ArrayList<>();
      for (int b = 0; b < batchSize; b++) {
        queries.add(now.queryAt(examples.x()[b], times[b], critical[b]));
      }
      return ready.apply(QueryBatch.of(examples.x(), examples.labels(), queries));
    };
  }

  private double[] critical(double t, double[] u) {
    return Arrays.stream(u).map(each -> GenMd4Schedule.criticalPower(t, each, epsilon)).toArray();
  }

  @Override
  public Step begin() {
    return new GenMd4Step();
  }

  private GenMd4Objective objective() {
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
    return powers.sets(weights);
  }

  @Override
  public Map<String, Parameters> moments() {
    return powers.moments();
  }

  @Override
  public void restore(Path folder) throws IOException {
    powers.restore(folder);
    schedule = schedule(Weights.RAW);
  }

  @Override
  public void close() {
    powers.close();
  }

  /** Moves the powers down a gradient. */
  private void move(GenMd4Gradient found, Update update) {
    double[] byPower = update.communicator().sum(found.byPower());
    float[] raw = form.raw(powers.weights(Weights.RAW));
    AdamW optimizer = training.powers().optimizer(training.optimization().optimizer());
    powers.move(GenMd4Schedule.gradientByRaw(byPower, raw), optimizer, update);
    schedule = moved(update.number());
  }

  private GenMd4Schedule moved(long update) {
    try {
      return schedule(Weights.RAW);
    } catch (IllegalArgumentException e) {
      throw new DivergedException(
          "the powers after step %,d (seed %d): %s"
              .formatted(update, training.seed(), e.getMessage()),
          "lower training.powers.rate, 0 freezes them");
    }
  }

  /** A step: its samples in two halves, the same examples in both. */
  private final class GenMd4Step implements Step {
    private final GenMd4Objective objective = objective();
    private final float[] narrow = objective.rowLoss().powers();
    private final List<QueryBatch> batches = new ArrayList<>();
    private final List<GenMd4Loss> losses = new ArrayList<>();
    private final List<GenMd4Gradient.Loss> read = new ArrayList<>();

    @Override
    public NDArray loss(NDManager scope, Logits logits, PreparedMicroBatch part) {
      GenMd4Loss loss = logits.genMd4(scope, part.rows().targets(), part.weights(), narrow);
      batches.add(part.queries());
      losses.add(loss);
      return loss.sum().add(known(part.queries()));
    }

    private float known(QueryBatch batch) {
      double sum = 0;
      for (int[] x : batch.x()) {
        double example = 0;
        for (int token : x) {
          example += objective.known(token);
        }
        sum += example;
      }
      double tokens = (double) training.batching().sequences() * batch.length();
      return (float) (sum * Units.bitsPerToken(1.0 / tokens));
    }

    @Override
    public void allLossesKnown() {
      if (!powers.isFrozen()) {
        for (int i = 0; i < losses.size(); i++) {
          GenMd4Loss loss = losses.get(i);
          read.add(
              new GenMd4Gradient.Loss(
                  batches.get(i), loss.ofRows().toFloatArray(), loss.byPower().toFloatArray()));
        }
      }
    }

    @Override
    public void learn(Update update) {
      if (!powers.isFrozen() && update.isMade().getAsBoolean()) {
        GenMd4Gradient found =
            new GenMd4Gradient(objective.schedule(), training.batching().batchSize());
        int half = read.size() / SAMPLES;
        for (int i = 0; i < half; i++) {
          found.add(read.get(i), read.get(half + i));
        }
        move(found, update);
      }
    }
  }
}
