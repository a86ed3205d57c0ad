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
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * A training tried for some seconds on random tokens: its steps, a batch of its evaluation and some
 * calls of its samples.
 */
final class Trial implements AutoCloseable {
  /** The operations a second of a CPU at least. */
  private static final double SLOW_FLOPS = 2e9;

  /** A CPU on which one example takes longer, by that speed, is no device for the training. */
  private static final double HOPELESS_SECONDS = 60;

  private static final double CALL_SECONDS = 3;

  /** The most of the time that a step may take on the slowest of CPUs. */
  private static final double SLOW_SHARE = 0.5;

  /** The most of the time that a step may take by the time of one with a single example. */
  private static final double STEP_SHARE = 0.5;

  private static final double SAMPLING_SECONDS = 5;
  private static final int WARM_CALLS = 3;
  private static final double WARM_SECONDS = 0.5;

  /** A trial of no time makes the first step and another. */
  private static final int STEPS_WITHOUT_TIME = 2;

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
   * What the first steps show.
   *
   * @param start the seconds from the start of the process to the first step, with what is compiled
   * @param step the seconds of a step of one example
   * @param peak the most bytes in use
   */
  record WarmUp(double start, double step, long peak) {}

  /**
   * Makes steps, an evaluation and samples of one example, after which all code is loaded and
   * compiled, and Java's heap is as large as in a long run. What a process has then it has beside
   * the arrays of the training.
   */
  static WarmUp warmUp(NDManager manager, Experiment experiment, int vocabularySize)
      throws IOException {
    SystemMemory.resetPeak();
    Batching whole = experiment.training().batching();
    WarmUp warm;
    try (Trial small = new Trial(manager, experiment, vocabularySize, sized(whole, 1, 1))) {
      double one = small.steps(0).seconds();
      warm = new WarmUp(sinceStart() - STEPS_WITHOUT_TIME * one, one, 0);
      double unused = small.evaluationOfExample(one, 1) + small.samples(WARM_SECONDS);
      warm = new WarmUp(warm.start, one, peak(manager.getDevice()).orElse(0));
    }
    GpuMemory.release(manager.getDevice());
    JavaHeap.fill();
    return warm;
  }

  /**
   * Prepares a trial of so many seconds. Where a step of the whole batch would take too much of it,
   * fewer examples are tried.
   *
   * @param one the seconds of a step of one example
   */
  static Trial prepare(
      NDManager manager, Experiment experiment, int vocabularySize, double seconds, double one) {
    Batching whole = experiment.training().batching();
    Trial trial = new Trial(manager, experiment, vocabularySize, whole);
    if (manager.getDevice().isGpu() || trial.flopsAStep() < SLOW_FLOPS * SLOW_SHARE * seconds) {
      return trial;
    }
    int fitting = (int) Math.max(1, STEP_SHARE * seconds / one);
    if (fitting >= whole.batchSize()) {
      return trial;
    }
    trial.close();
    int micro = largest(whole.microBatch(), fitting, whole.microBatch());
    int batch = Math.min(whole.batchSize(), Math.max(micro, fitting / micro * micro));
    return new Trial(manager, experiment, vocabularySize, sized(whole, batch, micro));
  }

  private static double sinceStart() {
    return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime())
        * 1e-3;
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
    return flops().denseEquivalent() * examples * experiment.model().length();
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
   * Returns the examples that an evaluation is tried with: those of a call, or fewer where such a
   * call would take long.
   *
   * @param step the seconds of a step of the trial
   * @param call the examples of a call
   */
  int evaluated(double step, int call) {
    return Math.min(call, (int) Math.max(1, CALL_SECONDS / (step / examples)));
  }

  /**
   * Returns the seconds of the evaluation of an example.
   *
   * @param step the seconds of a step of the trial
   * @param call the examples of a call
   */
  double evaluationOfExample(double step, int call) {
    EvaluationConfig config = experiment.evaluation();
    int batch = evaluated(step, call);
    double seconds = 0;
    for (int time = 0; time < 2; time++) { // the first finds nothing compiled
      long start = System.nanoTime();
      double unused =
          new LikelihoodEstimator(
                  learner().model().objective(Weights.EMA),
                  new LikelihoodEstimator.Settings(config.seed(), 1, batch))
              .estimate(manager, learner().model().denoiser(Weights.EMA), random(batch), done -> {})
              .natsPerToken();
      seconds = (System.nanoTime() - start) * 1e-9;
    }
    return seconds / batch;
  }

  private Examples random(int count) {
    Noise noise = new Noise(experiment.training().seed());
    int classes = experiment.model().network().classes();
    int length = experiment.model().length();
    return new RandomExamples(new RandomWindows(noise, vocabularySize, length, classes), count);
  }

  /** Random windows as examples, with their labels. */
  private record RandomExamples(RandomWindows windows, long count) implements Examples {
    @Override
    public int length() {
      return windows.length();
    }

    @Override
    public void read(long index, int[] into) {
      windows.read(index, into);
    }

    @Override
    public int label(long index) {
      return windows.label(index);
    }
  }

  /** Returns the seconds that the samples of an evaluation take; some of their calls are made. */
  double samples() {
    return samples(SAMPLING_SECONDS);
  }

  private double samples(double seconds) {
    Calls calls = new Calls(seconds);
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
    private final double seconds;
    private long warm;
    private int counted;
    private int all;

    /**
     * @param seconds the time after which the sampling ends
     */
    private Calls(double seconds) {
      this.seconds = seconds;
    }

    @Override
    public void called(int done, int planned) {
      all = planned;
      if (done == WARM_CALLS) {
        warm = System.nanoTime();
      }
      counted = done;
      if ((System.nanoTime() - start) * 1e-9 > seconds) {
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

  /** Returns the bytes that the process or, if there is one, the GPU has in use now. */
  static OptionalLong inUse(Device device) throws IOException {
    OptionalLong onGpu = GpuMemory.used(device);
    return onGpu.isPresent() ? onGpu : SystemMemory.resident();
  }

  /** Returns the most bytes that the process or, if there is one, the GPU had in use. */
  static OptionalLong peak(Device device) throws IOException {
    OptionalLong onGpu = GpuMemory.used(device);
    return onGpu.isPresent() ? onGpu : SystemMemory.peak();
  }

  @Override
  public void close() {
    bench.close();
  }
}
