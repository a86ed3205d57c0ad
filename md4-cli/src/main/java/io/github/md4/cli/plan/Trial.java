// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.support.SystemMemory;
import io.github.md4.cli.train.TrainingDraws;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.Weights;
import io.github.md4.core.noise.Noise;
import io.github.md4.sample.SamplingListener;
import io.github.md4.train.Batching;
import io.github.md4.train.Learner;
import io.github.md4.train.TrainingConfig;
import io.github.md4.train.bench.RandomWindows;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.evaluation.EvaluationConfig;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.speed.FlopCount;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * A training tried for some seconds on random tokens: its steps, a batch of its evaluation and some
 * calls of its samples.
 */
final class Trial implements AutoCloseable {
  /** Of a CPU's core at least; a slower step is tried with fewer examples. */
  private static final double SLOW_FLOPS = 2e9;

  /** A CPU on which one example takes longer, by that speed, is no device for the training. */
  private static final double HOPELESS_SECONDS = 60;

  private static final double CALL_SECONDS = 3;

  /** The most of the time that the first of several steps may take. */
  private static final double STEP_SHARE = 0.1;

  private static final double SAMPLING_SECONDS = 5;
  private static final int WARM_CALLS = 3;
  private static final int COLLECTIONS = 3;
  private static final int PIECE_BYTES = 1 << 16;

  private final NDManager manager;
  private final Experiment experiment;
  private final int vocabularySize;
  private final int examples;
  private final StepBench bench;

  private Trial(NDManager manager, Experiment experiment, int vocabularySize, Batching batching) {
    this.manager = manager;
    this.experiment = experiment;
    this.vocabularySize = vocabularySize;
    this.examples = batching.batchSize();
    this.bench =
        new StepBench(
            manager,
            workload(experiment, experiment.training().withBatching(batching), vocabularySize),
            Communicator.alone());
  }

  private static StepBench.Workload workload(
      Experiment experiment, TrainingConfig training, int vocabularySize) {
    return new StepBench.Workload(experiment.model(), training, vocabularySize);
  }

  /**
   * Prepares a trial of so many seconds. Where a step of the whole batch would take too much of it,
   * fewer examples are tried.
   */
  static Trial prepare(
      NDManager manager, Experiment experiment, int vocabularySize, double seconds) {
    Batching whole = experiment.training().batching();
    Trial trial = new Trial(manager, experiment, vocabularySize, whole);
    if (manager.getDevice().isGpu() || trial.flopsAStep() < SLOW_FLOPS * STEP_SHARE * seconds) {
      return trial;
    }
    trial.close();
    double one;
    try (Trial small = new Trial(manager, experiment, vocabularySize, sized(whole, 1, 1))) {
      one = small.steps(0).seconds();
    }
    int fitting = (int) Math.max(1, STEP_SHARE * seconds / one);
    int micro = largest(whole.microBatch(), fitting, whole.microBatch());
    int batch = Math.min(whole.batchSize(), Math.max(micro, fitting / micro * micro));
    return new Trial(manager, experiment, vocabularySize, sized(whole, batch, micro));
  }

  private static Batching sized(Batching whole, int batch, int micro) {
    return new Batching(batch, micro, whole.samples(), whole.timeSampling());
  }

  /** Returns the largest divisor of {@code whole} that is at most {@code most}. */
  static int largest(int whole, int most, int limit) {
    return IntStream.rangeClosed(1, Math.min(most, limit))
        .filter(size -> whole % size == 0)
        .max()
        .orElse(1);
  }

  /** Returns whether a CPU would take minutes for a single example. */
  static boolean isHopeless(Device device, double flopsOfExample) {
    return !device.isGpu() && flopsOfExample / SLOW_FLOPS > HOPELESS_SECONDS;
  }

  private double flopsAStep() {
    return flops().denseEquivalent()
        * experiment.training().batching().batchSize()
        * experiment.model().length();
  }

  /** Returns the operations of training for each token. */
  FlopCount flops() {
    return bench.flops();
  }

  /** Returns the examples of a step of the trial. */
  int examples() {
    return examples;
  }

  /** Returns the number of all parameters, powers too. */
  long parameters() {
    return learner().model().sets(Weights.RAW).values().stream().mapToLong(p -> p.size()).sum();
  }

  private Learner learner() {
    return bench.learner();
  }

  /** Makes steps for so long. */
  StepBench.Pace steps(double seconds) {
    return bench.pace(seconds);
  }

  /**
   * Returns the seconds of the evaluation of an example, in calls of as many as the config says.
   * Where such a call would take long, fewer are tried.
   *
   * @param step the seconds of a step of the trial
   */
  double evaluationOfExample(double step) {
    EvaluationConfig config = experiment.evaluation();
    int most = (int) Math.max(1, CALL_SECONDS / (step / examples));
    int batch = Math.min(config.batchSize(), most);
    double seconds = 0;
    for (int call = 0; call < 2; call++) { // the first finds nothing compiled
      long start = System.nanoTime();
      double unused =
          new LikelihoodEstimator(
                  learner().model().objective(Weights.EMA),
                  new LikelihoodEstimator.Settings(config.seed(), 1, batch))
              .estimate(
                  manager,
                  learner().model().denoiser(Weights.EMA),
                  Examples.of(random(batch)),
                  done -> {})
              .natsPerToken();
      seconds = (System.nanoTime() - start) * 1e-9;
    }
    return seconds / batch;
  }

  private List<int[]> random(int count) {
    Noise noise = new Noise(experiment.training().seed());
    int classes = experiment.model().network().classes();
    int length = experiment.model().length();
    RandomWindows windows = new RandomWindows(noise, vocabularySize, length, classes);
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] tokens = new int[length];
      windows.read(i, tokens);
      sequences.add(tokens);
    }
    return sequences;
  }

  /** Returns the seconds that the samples of an evaluation take; some of their calls are made. */
  double samples() {
    Calls calls = new Calls();
    try {
      TrainingDraws draws = new TrainingDraws(experiment.model(), space(), experiment.sampling());
      List<int[]> unused = draws.draw(manager, learner(), draws.starts(), calls);
    } catch (CancellationException e) {
      // enough is known
    }
    return calls.seconds();
  }

  private TokenSpace space() {
    return new TokenSpace(vocabularySize);
  }

  /** A clock of the calls of the network; it cancels the sampling after some time. */
  private static final class Calls implements SamplingListener {
    private final long start = System.nanoTime();
    private long warm;
    private int counted;
    private int all;

    @Override
    public void called(int done, int planned) {
      all = planned;
      if (done == WARM_CALLS) {
        warm = System.nanoTime();
      }
      counted = done;
      if ((System.nanoTime() - start) * 1e-9 > SAMPLING_SECONDS) {
        throw new CancellationException("enough calls");
      }
    }

    private double seconds() {
      long now = System.nanoTime();
      if (counted <= WARM_CALLS) {
        return counted == 0 ? 0 : (now - start) * 1e-9 / counted * all;
      }
      return (now - warm) * 1e-9 / (counted - WARM_CALLS) * all;
    }
  }

  /** Returns the most bytes that the process or, if there is one, the GPU had in use. */
  static OptionalLong peak(Device device) throws IOException {
    OptionalLong onGpu = GpuMemory.used(device);
    return onGpu.isPresent() ? onGpu : SystemMemory.peak();
  }

  /**
   * Fills Java's young generation as a long run does. The process has it from the start and touches
   * it little by little.
   */
  static void fillHeap() {
    long until = collections() + COLLECTIONS;
    long most = Runtime.getRuntime().maxMemory();
    for (long filled = 0; collections() < until && filled < most; filled += PIECE_BYTES) {
      if (new byte[PIECE_BYTES].length != PIECE_BYTES) {
        throw new AssertionError("an array has the length that it was made with");
      }
    }
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  @Override
  public void close() {
    bench.close();
  }
}
