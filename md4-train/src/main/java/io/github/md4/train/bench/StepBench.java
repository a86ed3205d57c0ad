// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.image.ImageConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.train.batch.BatchQueue;
import io.github.md4.train.batch.Batches;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.PreparedStep;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.schedule.TrainedSchedule;
import io.github.md4.train.speed.FlopCount;
import io.github.md4.train.speed.MatmulCeiling;
import io.github.md4.train.speed.Spread;
import io.github.md4.train.update.Learner;
import java.util.Objects;
import java.util.Optional;

/**
 * A measurement of the training of a model on random tokens. It reads and writes no files. Closing
 * it frees the model.
 *
 * <p>There are three series of steps after a warm-up: windows of steps that run as in training,
 * where the host waits for the device only at the ends of a window, by reading the last loss; steps
 * in which it waits after each part; and, on a GPU, steps in which it asks after each phase how far
 * the device has come.
 */
public final class StepBench implements AutoCloseable {
  private static final int GAP_WARM_UP = 2;
  private static final int MOST_STEPS = 1_000_000;

  private final NDManager manager;
  private final Workload workload;
  private final Network network;
  private final Learner learner;
  private final Batches batches;
  private final MemoryGauge gauge;
  private final int processes;

  /**
   * The workload that is measured.
   *
   * @param model length, objective, schedule and network of the model
   * @param training batches, arithmetic and optimizer of the steps
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param layout the memory format of an image network's feature maps
   */
  public record Workload(
      ModelConfig model, TrainingConfig training, int vocabularySize, MemoryFormat layout) {
    /**
     * Checks that all are there.
     *
     * @param model length, objective, schedule and network of the model
     * @param training batches, arithmetic and optimizer of the steps
     * @param vocabularySize V, the number of tokens without the mask, at least 1
     * @param layout the memory format of an image network's feature maps
     * @throws IllegalArgumentException if {@code vocabularySize} is below 1
     * @throws NullPointerException if another is null
     */
    public Workload {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(training, "training");
      require(vocabularySize >= 1, "vocabularySize must be at least 1", vocabularySize);
      Objects.requireNonNull(layout, "layout");
    }

    /**
     * Makes a workload with the memory format of training.
     *
     * @param model length, objective, schedule and network of the model
     * @param training batches, arithmetic and optimizer of the steps
     * @param vocabularySize V, the number of tokens without the mask, at least 1
     */
    public Workload(ModelConfig model, TrainingConfig training, int vocabularySize) {
      this(model, training, vocabularySize, MemoryFormat.CHANNELS_LAST);
    }

    Network network(NDManager manager) {
      Precision precision = training.computation().precision();
      return model.network() instanceof ImageConfig images
          ? images.network(manager, vocabularySize, precision, layout)
          : model.network().network(manager, vocabularySize, precision);
    }
  }

  /**
   * The numbers of steps that are measured.
   *
   * @param warmUp the number of steps before the measurement, at least 1
   * @param windows the number of timed windows of steps, at least 1
   * @param stepsAWindow the number of steps of a window, and of the series by parts, at least 1
   */
  public record Repetitions(int warmUp, int windows, int stepsAWindow) {
    private static final int WINDOWS = 5;

    /**
     * Checks the numbers.
     *
     * @param warmUp the number of steps before the measurement, at least 1
     * @param windows the number of timed windows of steps, at least 1
     * @param stepsAWindow the number of steps of a window, and of the series by parts, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public Repetitions {
      require(warmUp >= 1, "warmUp must be at least 1", warmUp);
      require(windows >= 1, "windows must be at least 1", windows);
      require(stepsAWindow >= 1, "stepsAWindow must be at least 1", stepsAWindow);
    }

    /**
     * {@return five windows with {@code steps} steps together, rounded down to whole windows; fewer
     * windows where there are fewer steps}
     *
     * @param warmUp the number of steps before the first window, at least 1
     * @param steps the number of steps that are measured, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public static Repetitions of(int warmUp, int steps) {
      require(steps >= 1, "steps must be at least 1", steps);
      int windows = Math.min(WINDOWS, steps);
      return new Repetitions(warmUp, windows, steps / windows);
    }
  }

  /**
   * Prepares the training at its first step, on the device of {@code parent}.
   *
   * @param parent the manager under which the arrays live; stays the caller's
   * @param workload model and training
   * @param communicator the processes that are measured together; stays the caller's
   * @throws io.github.md4.core.InvalidConfigException if a batch cannot be shared equally
   * @throws IllegalArgumentException if the training does not suit a learned schedule
   */
  public StepBench(NDManager parent, Workload workload, Communicator communicator) {
    TrainingConfig training = workload.training;
    ModelConfig model = workload.model;
    Noise noise = new Noise(training.seed());
    RandomWindows windows =
        new RandomWindows(
            noise, workload.vocabularySize, model.length(), model.network().classes());
    this.workload = workload;
    this.manager = parent.newSubManager();
    this.network = workload.network(manager);
    TrainedSchedule schedule =
        TrainedSchedule.of(manager, new TokenSpace(workload.vocabularySize), model, training);
    this.learner = Learner.initial(manager, network, training, schedule, communicator);
    this.batches = new Batches(windows, noise, training.batching(), communicator.share());
    this.processes = communicator.share().size();
    this.gauge = new MemoryGauge(manager.getDevice());
  }

  /**
   * Measures the training.
   *
   * @param repetitions steps of warm-up and of windows
   * @return times, memory and floating-point operations
   * @throws DivergedException if a loss is not finite, which makes the measurement meaningless
   * @throws io.github.md4.core.DeviceException if the device's memory is full
   */
  public BenchResult run(Repetitions repetitions) {
    BenchResult.Throughput throughput =
        BenchResult.Throughput.of(batches.tokens(), freeRunning(repetitions));
    PhaseTimes parts = byPart(repetitions.stepsAWindow);
    MemoryUse memory = gauge.use(); // before the ceiling's matrices
    try (MatmulCeiling ceiling =
        new MatmulCeiling(manager, workload.training.computation().precision())) {
      BenchResult.Work work =
          new BenchResult.Work(
              learner.description(),
              parameters(), // in shards a process holds fewer
              flops(),
              ceiling.size(),
              processes * ceiling.measure());
      double gap = gapMilliseconds(repetitions.stepsAWindow);
      return new BenchResult(throughput, parts, gap, memory, work);
    }
  }

  private long parameters() {
    return network.specs().stream().mapToLong(spec -> spec.shape().size()).sum();
  }

  /**
   * The pace of steps.
   *
   * @param steps the number of timed steps, at least 1
   * @param seconds the mean seconds of a step
   * @param later the mean seconds of a step of the second half of the time, when less is compiled;
   *     that of all where these are fewer than the time had room for
   * @param first the seconds of the step before them, in which code is compiled and memory is
   *     allocated
   */
  public record Pace(int steps, double seconds, double later, double first) {}

  /**
   * Makes a step, and then steps for so long; at least one of these. They run without waiting.
   *
   * @param seconds the time after which no more step begins, at least 0
   * @param most the steps after which no more step begins, at least 1: where code is compiled the
   *     first steps are slower, so a short training is slower than a long one
   * @param early run after each window of steps that ends in the first half of the time
   * @return the number of steps, and the seconds of one
   * @throws IllegalArgumentException if a number is too small
   * @throws DivergedException if a loss is not finite
   * @throws io.github.md4.core.DeviceException if the device's memory is full
   */
  public Pace pace(double seconds, long most, Runnable early) {
    require(seconds >= 0, "seconds must be at least 0", seconds);
    require(most >= 1, "most must be at least 1", most);
    try (BatchQueue<PreparedStep> queue = queue()) {
      double first = window(queue, 1) * 1e-3;
      PaceClock clock = new PaceClock(seconds, (int) Math.min(MOST_STEPS, Math.max(1, most - 1)));
      while (clock.next() > 0) {
        int some = clock.next();
        double unused = window(queue, some);
        clock.made(some);
        if (clock.isEarly()) {
          early.run();
        }
      }
      return clock.pace(first);
    }
  }

  /** {@return the model in training, closed with this} */
  public Learner learner() {
    return learner;
  }

  /** {@return the floating-point operations of training for each token} */
  public FlopCount flops() {
    return FlopCount.of(workload.model, network.specs())
        .times(workload.training.batching().samples());
  }

  private BatchQueue<PreparedStep> queue() {
    return new BatchQueue<>(this::prepare, learner.updates());
  }

  private PreparedStep prepare(long step) {
    return learner.prepare(step, batches.of(step));
  }

  /** Returns the milliseconds per step of each window. */
  private double[] freeRunning(Repetitions repetitions) {
    double[] milliseconds = new double[repetitions.windows];
    try (BatchQueue<PreparedStep> queue = queue()) {
      double unused = window(queue, repetitions.warmUp);
      for (int w = 0; w < repetitions.windows; w++) {
        milliseconds[w] = window(queue, repetitions.stepsAWindow);
        gauge.read();
      }
    }
    return milliseconds;
  }

  private double window(BatchQueue<PreparedStep> queue, int steps) {
    long start = System.nanoTime();
    for (int step = 1; step < steps; step++) {
      learner.update(manager, queue.take()).close();
    }
    await(learner.update(manager, queue.take()));
    return (System.nanoTime() - start) * 1e-6 / steps;
  }

  private PhaseTimes byPart(int steps) {
    double[] data = new double[steps];
    try (NDArray one = manager.create(1f)) {
      PhaseClock clock = new PhaseClock(() -> await(one.duplicate()));
      for (int step = 0; step < steps; step++) {
        long start = System.nanoTime();
        PreparedStep batch = prepare(learner.updates());
        data[step] = (System.nanoTime() - start) * 1e-6;
        clock.start();
        await(learner.update(manager, batch, clock));
        gauge.read();
      }
      double average =
          moved(steps, workload.training.optimization().average().emaRate()) - moved(steps, 1);
      return new PhaseTimes(Spread.of(data).median(), clock.medians(), average);
    }
  }

  /** Returns the milliseconds of the optimizer alone, with a given rate of the average. */
  private double moved(int times, double emaRate) {
    try (NDArray one = manager.create(1f)) {
      learner.moveAgain(emaRate);
      await(one.duplicate());
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        learner.moveAgain(emaRate);
      }
      await(one.duplicate());
      return (System.nanoTime() - start) * 1e-6 / times;
    }
  }

  /**
   * Returns the longest time that the device may wait in a step; NaN without a GPU. The host does
   * not wait for the warm-up steps, since in training too it is ahead when a step begins.
   */
  private double gapMilliseconds(int steps) {
    Optional<GpuTimeline> timeline = GpuTimeline.of(manager.getDevice());
    if (timeline.isEmpty()) {
      return Double.NaN;
    }
    try (GapClock clock = new GapClock(timeline.get());
        BatchQueue<PreparedStep> queue = queue()) {
      for (int step = 0; step < GAP_WARM_UP; step++) {
        learner.update(manager, queue.take()).close();
      }
      for (int step = 1; step < steps; step++) {
        learner.update(manager, queue.take(), clock).close();
      }
      await(learner.update(manager, queue.take(), clock));
      return clock.mostMilliseconds() / steps;
    }
  }

  /** Reads and closes an array, which waits for everything queued on the device before it. */
  private static void await(NDArray array) {
    try (array) {
      float unused = array.getFloat();
    }
  }

  /** Reads and closes an update's numbers, which waits in the same way. */
  private void await(UpdateNumbers numbers) {
    try (numbers) {
      if (!Float.isFinite(numbers.read().loss())) {
        throw new DivergedException(
            "the loss of step %d: not finite (seed %d); lower training.learningRate.base"
                .formatted(learner.updates(), workload.training.seed()));
      }
    }
  }

  @Override
  public void close() {
    learner.close();
    network.close();
    manager.close();
  }
}
