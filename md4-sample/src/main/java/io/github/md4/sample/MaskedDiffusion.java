// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ForwardProcess;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A trained model, ready to generate, infill and score.
 *
 * <p>Safe for use by several threads: their requests take turns at the network, call by call, so
 * they need the memory of one call and of each thread's draws from its logits. Closing it waits for
 * running requests and frees its memory; after that every method throws an {@link
 * IllegalStateException}. In a listener, on the thread of a request, it does not wait: that request
 * ends with an {@link IllegalStateException} before its next call of the network, others run to
 * their end, and the last of them frees the memory. Nor does it wait where only requests are left
 * whose listeners have not returned for a second, as they may wait for it: they run to their end.
 */
public final class MaskedDiffusion implements AutoCloseable {
  private final NDManager manager;
  private final ModelContent content;
  private final DrawKernels kernels;
  private final Denoiser denoiser;
  private final Requests requests = new Requests(this::free);

  /** The weights to load, with the precision and the device of their computations. */
  public record Loading(Weights weights, Precision precision, Device device) {

    /** Returns averaged weights in float32 on the first GPU, or the CPU without one. */
    public static Loading defaults() {
      return new Loading(Weights.EMA, Precision.FLOAT32, Engine.getInstance().defaultDevice());
    }
  }

  /**
   * @param manager the manager of the model; it is closed with this object
   */
  MaskedDiffusion(NDManager manager, SavedModel model) {
    this(manager, new ModelContent.FromFolder(model));
  }

  private MaskedDiffusion(NDManager manager, ModelContent content) {
    this.manager = manager;
    this.content = content;
    this.kernels = new DrawKernels(manager);
    this.denoiser = new SerializedDenoiser(content.denoiser(), requests::check);
  }

  /**
   * Returns the model that a network, a schedule and a vocabulary make, on DJL's default device.
   * Its sequences have the length that is asked for.
   *
   * @param denoiser is not closed with this object
   * @param schedule where each token has a power, one for each of the tokenizer's
   */
  public static MaskedDiffusion of(Denoiser denoiser, Schedule schedule, Tokenizer tokenizer) {
    return of(denoiser, schedule, tokenizer, ModelContent.ANY_LENGTH);
  }

  /**
   * As {@link #of(Denoiser, Schedule, Tokenizer)}, of sequences of one length.
   *
   * @param length N, at least 1; templates may be shorter
   */
  public static MaskedDiffusion of(
      Denoiser denoiser, Schedule schedule, Tokenizer tokenizer, int length) {
    ModelContent.OfParts parts = new ModelContent.OfParts(denoiser, schedule, tokenizer, length);
    return new MaskedDiffusion(NDManager.newBaseManager(), parts);
  }

  /** As {@link #load(Path, Loading)}, with the defaults. */
  public static MaskedDiffusion load(Path folder) throws IOException {
    return load(folder, Loading.defaults());
  }

  /**
   * Returns a model from its folder, from a checkpoint, or from the folder of a run: its finished
   * model, else its last checkpoint.
   *
   * @throws io.github.md4.core.InvalidDataException if the folder is no model's, is damaged or
   *     lacks those weights
   */
  public static MaskedDiffusion load(Path path, Loading loading) throws IOException {
    Path folder = ModelFolder.find(path, loading.weights);
    NDManager manager = NDManager.newBaseManager(loading.device);
    try {
      return new MaskedDiffusion(
          manager, SavedModel.load(folder, loading.weights, manager, loading.precision));
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Returns what its folder says of the model.
   *
   * @throws IllegalStateException if it is of no folder
   */
  public SavedModel.Description description() {
    return content.description();
  }

  /** Returns its schedule. */
  public Schedule schedule() {
    return content.schedule();
  }

  /** Returns the way in which its sequences come about. */
  public Generation generation() {
    return content.generation();
  }

  /** Returns its vocabulary. */
  public Tokenizer tokenizer() {
    return content.tokenizer();
  }

  private TokenSpace space() {
    return new TokenSpace(tokenizer().vocabularySize());
  }

  /** Returns the text of tokens. */
  public String text(int[] tokens) {
    return tokenizer().decode(tokens);
  }

  /** Returns as many samples as the options say, of the model's length, from masks only. */
  public List<Sample> generate(SamplingOptions options) {
    return generate(options.samples(), options);
  }

  /**
   * Returns {@code count} samples of the model's length, from masks only.
   *
   * @param count at least 1
   * @throws IllegalStateException if the model was made without a length
   */
  public List<Sample> generate(int count, SamplingOptions options) {
    if (content.length() == ModelContent.ANY_LENGTH) {
      throw new IllegalStateException("this model has no length: give one to of or to masked");
    }
    return generate(masked(count, content.length()), options, SamplingListener.none());
  }

  /**
   * Returns {@code count} sequences of masks only, with the indices from 0 on.
   *
   * @param count at least 1
   * @param length at least 1
   */
  public List<InitialSequence> masked(int count, int length) {
    return masked(0, count, length);
  }

  /** As {@link #masked(int, int)}, with the indices from {@code first} on. */
  public List<InitialSequence> masked(long first, int count, int length) {
    require(first >= 0, "first must be at least 0", first);
    require(count >= 1, "count must be at least 1", count);
    require(length >= 1, "length must be at least 1", length);
    return LongStream.range(first, first + count)
        .mapToObj(index -> InitialSequence.masked(space(), length, index))
        .toList();
  }

  /**
   * Returns a sample of each sequence, in their order; they may have several lengths.
   *
   * @param listener a listener to the calls, which are counted anew for each length, those of the
   *     first length first
   */
  public List<Sample> generate(
      List<InitialSequence> sequences, SamplingOptions options, SamplingListener listener) {
    return whileOpen(() -> sample(denoiser, sequences, options, listener));
  }

  /**
   * As {@link #generate(List, SamplingOptions, SamplingListener)}, of sequences with classes.
   *
   * @param guidance the scale of {@link GuidedDenoiser}; 1 is the network itself
   * @throws IllegalArgumentException if it is not 1 and the model was not trained without classes
   *     too
   */
  public List<Sample> generate(
      List<InitialSequence> sequences,
      SamplingOptions options,
      double guidance,
      SamplingListener listener) {
    Denoiser guided = guidance == 1 ? denoiser : guided(guidance);
    return whileOpen(() -> sample(guided, sequences, options, listener));
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
    return generate(List.of(template(template, 0)), options, SamplingListener.none()).get(0);
  }

  /**
   * Returns the sequence that a template describes.
   *
   * @throws IllegalArgumentException if the text is no template for this model
   */
  public InitialSequence template(String text, long index) {
    return new InitialSequence(Template.parse(text, tokenizer(), content.length()), index);
  }

  /**
   * Returns sequences masked in part, as of the time that the method's own grid has at {@link
   * SamplingOptions#from} (spec, 4.7). {@link #generate(List, SamplingOptions, SamplingListener)}
   * with the same options samples them from there.
   *
   * @param x clean tokens, one array a sequence; their positions in the list become their indices
   */
  public List<InitialSequence> masked(List<int[]> x, SamplingOptions options) {
    x.forEach(each -> checkTokens(each, space().maskToken()));
    double time = options.method().timeAt(options.from());
    return IntStream.range(0, x.size())
        .mapToObj(i -> new InitialSequence(masked(x.get(i), time, i, options.seed()), i))
        .toList();
  }

  private int[] masked(int[] x, double time, long index, long seed) {
    double[] u = new Noise(seed).uniforms(Purpose.RECONSTRUCTION, 0, index, x.length);
    return new ForwardProcess(space(), schedule()).mask(x, time, u);
  }

  /**
   * Returns the network's distribution at every position of a sequence that is masked as of a time
   * (spec, 4.9).
   *
   * @param x clean tokens [N], with their index and class
   * @param t in [0, 1]
   */
  public TokenDistribution distribution(InitialSequence x, double t, long seed) {
    checkTokens(x.zt(), space().maskToken());
    require(t >= 0 && t <= 1, "t must be in [0, 1]", t);
    InitialSequence zt = x.with(masked(x.zt(), t, x.index(), seed));
    return whileOpen(() -> Distributions.of(manager, denoiser, zt, t));
  }

  /**
   * Estimates the bound on a sequence's negative log-likelihood, with the standard error of the
   * noise of times and masks.
   *
   * @param x clean tokens, [N], at most as many as the model was trained with
   * @param groups of {@value LikelihoodEstimator#GROUP} stratified times, at least 2
   * @throws IllegalArgumentException if there are none or too many, or one is not in the vocabulary
   */
  public LikelihoodEstimate score(int[] x, long seed, int groups) {
    require(groups >= 2, "groups must be at least 2", groups);
    int longest = content.length();
    require(
        x.length >= 1 && x.length <= longest,
        "a scored sequence must have 1 to %d tokens".formatted(longest),
        x.length);
    checkTokens(x, tokenizer().vocabularySize() - 1);
    LikelihoodEstimator.Settings settings =
        new LikelihoodEstimator.Settings(seed, 1, LikelihoodEstimator.GROUP);
    RepeatedExample examples = new RepeatedExample(x, (long) groups * LikelihoodEstimator.GROUP);
    return whileOpen(
        () ->
            new LikelihoodEstimator(content.objective(), settings)
                .estimate(manager, denoiser, examples, done -> {}));
  }

  /** As {@link #score(int[], long, int)}, of a text, with the seed 0 and eight groups. */
  public LikelihoodEstimate score(String text) {
    return score(tokenizer().encode(text), 0, 8);
  }

  private static void checkTokens(int[] x, int largest) {
    for (int token : x) {
      require(
          token >= 0 && token <= largest, "tokens must be in [0, %d]".formatted(largest), token);
    }
  }

  private List<Sample> sample(
      Denoiser used,
      List<InitialSequence> sequences,
      SamplingOptions options,
      SamplingListener listener) {
    GenerativeModel generative = new GenerativeModel(used, space(), schedule(), generation());
    Sampler sampler = new Sampler(manager, kernels, generative, options.method(), options.law());
    Sample[] samples = new Sample[sequences.size()];
    for (List<Integer> places : ByLength.of(sequences)) {
      List<InitialSequence> equal = places.stream().map(sequences::get).toList();
      List<Sample> sampled = sampler.sample(options.request(equal), new WithTexts(listener));
      for (int i = 0; i < sampled.size(); i++) {
        samples[places.get(i)] = withText(sampled.get(i));
      }
    }
    return List.of(samples);
  }

  private Sample withText(Sample sample) {
    return sample.withText(text(sample.tokens()));
  }

  /** A listener that hears of samples with their texts. */
  private final class WithTexts implements SamplingListener {
    private final SamplingListener listener;

    WithTexts(SamplingListener listener) {
      this.listener = listener;
    }

    @Override
    public void called(int done, int planned) {
      requests.hear(() -> listener.called(done, planned));
    }

    @Override
    public void changed(TokenEvent event) {
      requests.hear(() -> listener.changed(event));
    }

    @Override
    public void finished(Sample sample) {
      requests.hear(() -> listener.finished(withText(sample)));
    }
  }

  private <T> T whileOpen(Supplier<T> request) {
    try {
      return requests.run(request);
    } catch (NoDistributionException e) {
      throw content.damage(e);
    }
  }

  @Override
  public void close() {
    requests.close();
  }

  private void free() {
    kernels.close();
    content.close();
    manager.close();
    GpuMemory.release(manager.getDevice());
  }
}
