// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ForwardProcess;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A trained model, ready to generate, infill and score.
 *
 * <p>Safe for use by several threads: their requests take turns at the network, call by call, so
 * the memory that runs need is that of one call and what each thread draws from its answer. Closing
 * it waits for what runs, and gives its memory back; after that every method throws an {@link
 * IllegalStateException}.
 */
public final class MaskedDiffusion implements AutoCloseable {
  private final NDManager manager;
  private final SavedModel model;
  private final DrawKernels kernels;
  private final Denoiser denoiser;
  private final ReadWriteLock open = new ReentrantReadWriteLock(true);
  private boolean isClosed;

  /** Which weights are taken, and where and how they run. */
  public record Loading(Weights weights, Precision precision, Device device) {

    /** Returns averaged weights in float32 on the first GPU, or the CPU without one. */
    public static Loading defaults() {
      return new Loading(Weights.EMA, Precision.FLOAT32, Engine.getInstance().defaultDevice());
    }
  }

  /**
   * @param manager what the model lives under; it is closed with this
   */
  MaskedDiffusion(NDManager manager, SavedModel model) {
    this.manager = manager;
    this.model = model;
    this.kernels = new DrawKernels(manager);
    this.denoiser = new SerializedDenoiser(model.denoiser());
  }

  /** As {@link #load(Path, Loading)}, with the defaults. */
  public static MaskedDiffusion load(Path folder) throws IOException {
    return load(folder, Loading.defaults());
  }

  /**
   * Returns the model of a folder.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is no model's, is damaged or
   *     lacks those weights, or if it is no masked diffusion model
   */
  public static MaskedDiffusion load(Path folder, Loading loading) throws IOException {
    checkIsDiffusion(folder);
    NDManager manager = NDManager.newBaseManager(loading.device);
    try {
      return new MaskedDiffusion(
          manager, SavedModel.load(folder, loading.weights, manager, loading.precision));
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static void checkIsDiffusion(Path folder) throws IOException {
    ObjectiveKind objective = SavedModel.Description.read(folder).config().objective();
    if (!objective.isSampledByUnmasking()) {
      throw new InvalidDataException(
          folder, "is autoregressive; samples are drawn from masked diffusion models");
    }
  }

  /** Returns what the model is. */
  public SavedModel.Description description() {
    return model.description();
  }

  /** Returns its schedule. */
  public Schedule schedule() {
    return model.schedule();
  }

  /** Returns the text of tokens. */
  public String text(int[] tokens) {
    return description().tokenizer().decode(tokens);
  }

  /** As {@link #generate(List, SamplingOptions, SamplingListener)}, of the model's length. */
  public List<Sample> generate(int count, SamplingOptions options) {
    return generate(
        masked(count, description().config().length()), options, SamplingListener.none());
  }

  /** Returns {@code count} sequences of nothing but masks, with the indices from 0 on. */
  public List<InitialSequence> masked(int count, int length) {
    return LongStream.range(0, count)
        .mapToObj(index -> InitialSequence.masked(description().tokenSpace(), length, index))
        .toList();
  }

  /**
   * Returns a sample of each start, in their order; starts may have several lengths.
   *
   * @param listener is told of the calls of each length anew, those of the first length first
   */
  public List<Sample> generate(
      List<InitialSequence> starts, SamplingOptions options, SamplingListener listener) {
    return whileOpen(() -> sample(denoiser, starts, options, listener));
  }

  /**
   * As {@link #generate(List, SamplingOptions, SamplingListener)}, of starts with classes.
   *
   * @param guidance how far samples are pushed towards their class, see {@link GuidedDenoiser}; 1
   *     is not at all
   * @throws IllegalArgumentException if it is not 1 and the model was not trained without classes
   *     too
   */
  public List<Sample> generate(
      List<InitialSequence> starts,
      SamplingOptions options,
      double guidance,
      SamplingListener listener) {
    Denoiser guided = guidance == 1 ? denoiser : guided(guidance);
    return whileOpen(() -> sample(guided, starts, options, listener));
  }

  private Denoiser guided(double guidance) {
    int nullLabel =
        description()
            .config()
            .network()
            .nullLabel()
            .orElseThrow(
                () -> new IllegalArgumentException("the network always needs a class to guess"));
    return new GuidedDenoiser(denoiser, nullLabel, guidance);
  }

  /** Returns the template with its holes filled; see {@link Template}. */
  public Sample infill(String template, SamplingOptions options) {
    InitialSequence start = start(template, 0);
    return generate(List.of(start), options, SamplingListener.none()).get(0);
  }

  /**
   * Returns the start that a template is.
   *
   * @throws IllegalArgumentException if it is none of this model's
   */
  public InitialSequence start(String template, long index) {
    int length = description().config().length();
    return new InitialSequence(Template.parse(template, description().tokenizer(), length), index);
  }

  /**
   * Returns sequences masked in part, as they are at the time that the method's own grid has at
   * {@link SamplingOptions#from} (spec, 4.7). {@link #generate(List, SamplingOptions,
   * SamplingListener)} with the same options samples them from there.
   *
   * @param x clean tokens, one array a sequence; their numbers become their indices
   */
  public List<InitialSequence> masked(List<int[]> x, SamplingOptions options) {
    double time = options.method().timeAt(options.from());
    return IntStream.range(0, x.size())
        .mapToObj(i -> new InitialSequence(masked(x.get(i), time, i, options.seed()), i))
        .toList();
  }

  private int[] masked(int[] x, double time, long index, long seed) {
    double[] u = new Noise(seed).uniforms(Purpose.RECONSTRUCTION, 0, index, x.length);
    return new ForwardProcess(description().tokenSpace(), model.schedule()).mask(x, time, u);
  }

  /**
   * Masks a sequence as it is at a time, and returns what the network thinks of every position
   * (spec, 4.9).
   *
   * @param x clean tokens [N], with the index and the class that they have
   * @param t in [0, 1]
   */
  public TokenDistribution distribution(InitialSequence x, double t, long seed) {
    InitialSequence zt = x.with(masked(x.zt(), t, x.index(), seed));
    return whileOpen(() -> Distributions.of(manager, denoiser, zt, t));
  }

  /**
   * Estimates the bound on a sequence's negative log-likelihood, with its standard error, in which
   * only the noise of times and masks has a part.
   *
   * @param x clean tokens, [N]
   * @param groups of {@value LikelihoodEstimator#GROUP} stratified times, at least 2
   */
  public LikelihoodEstimate score(int[] x, long seed, int groups) {
    if (groups < 2) {
      throw new IllegalArgumentException("groups must be at least 2: " + groups);
    }
    LikelihoodEstimator.Settings settings =
        new LikelihoodEstimator.Settings(seed, 1, LikelihoodEstimator.GROUP);
    RepeatedExample examples = new RepeatedExample(x, (long) groups * LikelihoodEstimator.GROUP);
    return whileOpen(
        () ->
            new LikelihoodEstimator(objective(), settings)
                .estimate(manager, denoiser, examples, done -> {}));
  }

  /** As {@link #score(int[], long, int)}, of a text, with the seed 0 and eight groups. */
  public LikelihoodEstimate score(String text) {
    return score(description().tokenizer().encode(text), 0, 8);
  }

  private Objective objective() {
    return model.objective(new TimeAxis.Continuous(), TimeFloor.REFERENCE);
  }

  private List<Sample> sample(
      Denoiser asked,
      List<InitialSequence> starts,
      SamplingOptions options,
      SamplingListener listener) {
    ReverseProcess process =
        new ReverseProcess(description().tokenSpace(), model.schedule(), kernels);
    Sampler sampler = new Sampler(manager, asked, process, options.method(), options.law());
    Sample[] samples = new Sample[starts.size()];
    for (List<Integer> places : ByLength.of(starts)) {
      List<InitialSequence> equal = places.stream().map(starts::get).toList();
      List<Sample> sampled = sampler.sample(options.request(equal), listener);
      for (int i = 0; i < sampled.size(); i++) {
        samples[places.get(i)] = sampled.get(i);
      }
    }
    return List.of(samples);
  }

  private <T> T whileOpen(Supplier<T> request) {
    open.readLock().lock();
    try {
      if (isClosed) {
        throw new IllegalStateException("this model is closed");
      }
      return request.get();
    } finally {
      open.readLock().unlock();
    }
  }

  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!isClosed) {
        isClosed = true;
        kernels.close();
        model.close();
        manager.close();
        GpuMemory.release(manager.getDevice());
      }
    } finally {
      open.writeLock().unlock();
    }
  }
}
