// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.cli.engine.SystemMemory;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.cli.train.TrainingDraws;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.Weights;
import io.github.md4.core.noise.Noise;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.train.bench.RandomWindows;
import io.github.md4.train.bench.StepBench;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.evaluation.EvaluationConfig;
import io.github.md4.train.parallel.Communicator;
import io.github.md4.train.update.Learner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * A training tried for some seconds on random tokens: its steps, a batch of its evaluation and some
 * calls of its samples.
 */
final class Trial implements AutoCloseable {
  /** The operations a second of a CPU at least. */
  private static final double SLOW_FLOPS = 2e9;

  /** The operations a second of most GPUs at least. */
  private static final double SLOW_GPU_FLOPS = 2e13;

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
   * Tries the training, frees its arrays and returns what was found.
   *
   * @param batching of the steps, with fewer examples than the training's where one would take long
   * @param seconds of the steps; without any, the briefest trial: two steps, one example of an
   *     evaluation and a few calls of the samples
   * @param evaluated the examples of an evaluation and of a call of it
   */
  static Findings run(
      NDManager manager,
      Experiment experiment,
      int vocabularySize,
      Batching batching,
      double seconds,
      Evaluated evaluated)
      throws IOException {
    SystemMemory.resetPeak();
    Findings found;
    try (Trial trial = new Trial(manager, experiment, vocabularySize, batching)) {
      found = trial.findings(batching, seconds, evaluated);
    }
    GpuMemory.release(manager.getDevice());
    return found.idle(inUse(manager.getDevice()).orElse(0));
  }

  /**
   * The size of an evaluation.
   *
   * @param call the examples of a call; 0 without an evaluation
   * @param all the examples of the largest file
   */
  record Evaluated(int call, long all) {
    /**
     * Returns the part of the evaluation that is tried: a call, or all calls of a group where these
     * are affordable. Times are stratified over groups of examples, so a call of a part of a group
     * may ask for most of its positions.
     *
     * @param affordable the most examples that are tried, at least 1
     */
    Part part(int affordable) {
      int some = Math.min(call, affordable);
      long group = Math.min(all, Math.max(call, LikelihoodEstimator.GROUP));
      return new Part(some, affordable < group ? some : group);
    }
  }

  /**
   * A part of an evaluation that is tried.
   *
   * @param call the examples of a call
   * @param examples those of all calls
   */
  record Part(int call, long examples) {}

  private Findings findings(Batching batching, double seconds, Evaluated evaluated)
      throws IOException {
    boolean isBrief = seconds == 0;
    double compiledBefore = Nvrtc.secondsOfCompilation();
    boolean isGpu = manager.getDevice().isGpu();
    AtomicLong early = new AtomicLong(Long.MAX_VALUE); // where no step is early, nothing grew
    Runnable look = isGpu ? () -> {} : () -> early.set(mostInUse());
    StepBench.Pace pace = bench.pace(seconds, experiment.training().steps(), look);
    // The run finds on disk what was compiled here.
    double compiled = Nvrtc.secondsOfCompilation();
    double start = ProcessAge.seconds() - compiled - (pace.steps() + 1) * pace.seconds();
    long grown = isGpu ? 0 : Math.max(0, mostInUse() - early.get());
    long left = left(grown, (double) experiment.training().steps() / pace.steps());
    long ofSteps = peak();
    Findings.Samples samples = samples(isBrief ? WARM_SECONDS : SAMPLING_SECONDS);
    long ofSamples = peak();
    Part part = evaluated.part(isBrief ? 1 : affordable(pace.seconds()));
    Findings.Scored scored = part.call == 0 ? new Findings.Scored(0, 0, 0) : scored(part);
    long ofEvaluation = peak();
    double written = isBrief ? 0 : DiskTrial.secondsPerByte(experiment.run(), weights());
    return new Findings(
        start,
        Math.max(0, pace.first() - (compiled - compiledBefore) - pace.seconds()),
        parameters(),
        bench.flops().denseEquivalent(),
        new Findings.Steps(
            examples, batching.microBatch(), pace.steps(), pace.seconds(), pace.later()),
        samples,
        written,
        scored,
        new Findings.Peaks(ofSteps + left, ofSamples + left, ofEvaluation + left),
        0);
  }

  /** Returns the most bytes in use since the last call; of a GPU, of all time. */
  private long peak() {
    long peak = mostInUse();
    SystemMemory.resetPeak();
    return peak;
  }

  private long mostInUse() {
    try {
      OptionalLong onGpu = GpuMemory.used(manager.getDevice());
      return (onGpu.isPresent() ? onGpu : SystemMemory.peak()).orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the bytes by which a CPU's heap will still grow in the run's other steps: with each
   * doubling of the steps it grows half as much as with the one before.
   *
   * @param grown the bytes by which it grew in the second half of the trial
   * @param times the run's steps, in steps of the trial
   */
  static long left(long grown, double times) {
    return times > 1 ? (long) (grown * (1 - 1 / times)) : 0;
  }

  /**
   * Returns the batches of a trial of so many seconds: the training's, or where a step of these
   * would take too much of the time, smaller ones. On a GPU these are of whole micro-batches: a
   * smaller one takes no less time there.
   *
   * @param one the findings of a trial with a single example
   */
  static Batching fitting(Device device, Batching whole, int length, Findings one, double seconds) {
    double flops = one.flopsPerToken() * length * whole.batchSize();
    if (flops < (device.isGpu() ? SLOW_GPU_FLOPS : SLOW_FLOPS) * SLOW_SHARE * seconds) {
      return whole;
    }
    int least = device.isGpu() ? whole.microBatch() : 1;
    int fitting = (int) Math.max(least, STEP_SHARE * seconds / one.steps().seconds());
    return fitting >= whole.batchSize() ? whole : batches(whole, fitting);
  }

  /**
   * Returns the batches of at most so many examples.
   *
   * @param examples at least 1
   */
  static Batching batches(Batching whole, int examples) {
    int micro = largest(whole.microBatch(), examples, whole.microBatch());
    int batch = Math.min(whole.batchSize(), Math.max(micro, examples / micro * micro));
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

  /** Returns the number of all parameters, powers too. */
  private long parameters() {
    return learner().model().sets(Weights.RAW).values().stream().mapToLong(p -> p.size()).sum();
  }

  /** Returns the arrays of all parameters, by their names behind those of their sets. */
  private Map<String, NDArray> weights() {
    Map<String, NDArray> all = new LinkedHashMap<>();
    learner()
        .model()
        .sets(Weights.RAW)
        .forEach((prefix, set) -> set.byName().forEach((name, w) -> all.put(prefix + name, w)));
    return all;
  }

  private Learner learner() {
    return bench.learner();
  }

  /**
   * Returns the examples of an evaluation that take no longer than a call may.
   *
   * @param step the seconds of a step of the trial
   */
  private int affordable(double step) {
    return (int) Math.max(1, CALL_SECONDS / (step / examples));
  }

  /** Scores a part of an evaluation twice; the first time finds nothing compiled. */
  private Findings.Scored scored(Part part) {
    double first = seconds(part);
    double second = seconds(part);
    return new Findings.Scored(part.call, second / part.examples, Math.max(0, first - second));
  }

  /** Returns the seconds of a part of an evaluation. */
  private double seconds(Part part) {
    EvaluationConfig config = experiment.evaluation();
    long start = System.nanoTime();
    double unused =
        new LikelihoodEstimator(
                learner().model().objective(Weights.EMA),
                new LikelihoodEstimator.Settings(config.seed(), 1, part.call))
            .estimate(
                manager, learner().model().denoiser(Weights.EMA), random(part.examples), done -> {})
            .natsPerToken();
    return (System.nanoTime() - start) * 1e-9;
  }

  private Examples random(long count) {
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

  /**
   * Returns what the samples of an evaluation take; some of their calls are made.
   *
   * @param seconds after which no more call is made
   */
  private Findings.Samples samples(double seconds) {
    Calls calls = new Calls(seconds);
    try {
      TrainingDraws draws = new TrainingDraws(experiment.model(), space(), experiment.sampling());
      List<int[]> unused = draws.draw(manager, learner(), draws.starts(), calls);
    } catch (CancellationException e) {
      // enough is known
    }
    return calls.samples();
  }

  private TokenSpace space() {
    return new TokenSpace(vocabularySize);
  }

  /** A clock of the calls of the network; it cancels the sampling after some time. */
  private static final class Calls implements SamplingListener {
    private final long start = System.nanoTime();
    private final double compiled = Nvrtc.secondsOfCompilation();
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

    private Findings.Samples samples() {
      long now = System.nanoTime();
      if (counted <= WARM_CALLS) {
        double seconds = counted == 0 ? 0 : (now - start) * 1e-9 / counted * all;
        return new Findings.Samples(seconds, 0);
      }
      double call = (now - warm) * 1e-9 / (counted - WARM_CALLS);
      // The run finds on disk what was compiled here.
      double excess =
          (warm - start) * 1e-9 - WARM_CALLS * call - (Nvrtc.secondsOfCompilation() - compiled);
      return new Findings.Samples(call * all, Math.max(0, excess));
    }
  }

  /** Returns the bytes that the process or, if there is one, the GPU has in use now. */
  private static OptionalLong inUse(Device device) throws IOException {
    OptionalLong onGpu = GpuMemory.used(device);
    return onGpu.isPresent() ? onGpu : SystemMemory.resident();
  }

  @Override
  public void close() {
    bench.close();
  }
}
