// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ForwardProcess;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.EngineEnvironment;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.model.ModelFolder;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.internal.call.Caller;
import io.github.md4.sample.internal.service.Interrupted;
import io.github.md4.sample.internal.service.ListenerRelay;
import io.github.md4.sample.internal.service.RequestScheduler;
import io.github.md4.sample.internal.service.SamplingJob;
import io.github.md4.sample.internal.service.ScheduledRequest;
import io.github.md4.sample.internal.service.ScoreJob;
import io.github.md4.sample.internal.service.ScoreRequest;
import io.github.md4.sample.internal.service.SharedCall;
import io.github.md4.sample.internal.service.SubmittedSamples;
import io.github.md4.sample.internal.service.SubmittedScore;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceCounts;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** A model with a thread of its own, which calls the network for all requests. */
final class LoadedDiffusion implements MaskedDiffusion {
  private final NDManager manager;
  private final ModelContent content;
  private final Denoiser network;
  private final ServiceLimits limits;
  private final JobFactory jobs;
  private final RequestScheduler scheduler;
  private final Map<Thread, SamplingJob> listening = new ConcurrentHashMap<>();
  private final ExecutorService callbacks = Executors.newCachedThreadPool(LoadedDiffusion::daemon);

  /**
   * @param manager the manager of the model; it is closed with this object
   */
  LoadedDiffusion(NDManager manager, SavedModel model) {
    this(manager, new ModelContent.FromFolder(model), ServiceLimits.defaults());
  }

  /**
   * @param manager the manager of the model; it is closed with this object, as is {@code content}
   */
  LoadedDiffusion(NDManager manager, ModelContent content, ServiceLimits limits) {
    this.manager = manager;
    this.content = content;
    ServedNetwork served = content.served(manager.getDevice());
    this.network = served.denoiser();
    this.limits = limits;
    DrawKernels kernels = new DrawKernels(manager);
    this.jobs = new JobFactory(manager, kernels, content, limits);
    SharedCall call = new SharedCall(limits, jobs.mostRows(), content::told);
    this.scheduler =
        new RequestScheduler(limits, call, served.computesAlone(), () -> free(kernels));
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "md4-callbacks");
    thread.setDaemon(true);
    return thread;
  }

  static MaskedDiffusion of(
      Denoiser denoiser, Schedule schedule, Tokenizer tokenizer, int length, ServiceLimits limits) {
    EngineEnvironment.prepare();
    ModelContent.OfParts parts = new ModelContent.OfParts(denoiser, schedule, tokenizer, length);
    return new LoadedDiffusion(NDManager.newBaseManager(), parts, limits);
  }

  static MaskedDiffusion load(Path path, LoadingOptions loading, ServiceLimits limits)
      throws IOException {
    Path folder = ModelFolder.find(path, loading.weights());
    EngineEnvironment.prepare();
    NDManager manager = NDManager.newBaseManager(loading.device());
    try {
      SavedModel model =
          SavedModel.load(
              folder, loading.weights(), manager, loading.precision(), loading.residual());
      return new LoadedDiffusion(manager, new ModelContent.FromFolder(model), limits);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  @Override
  public SavedModel.Description description() {
    return content.description();
  }

  @Override
  public Schedule schedule() {
    return content.schedule();
  }

  @Override
  public Generation generation() {
    return content.generation();
  }

  @Override
  public Tokenizer tokenizer() {
    return content.tokenizer();
  }

  @Override
  public Precision residual() {
    return content.denoiser().residual();
  }

  private TokenSpace space() {
    return new TokenSpace(tokenizer().vocabularySize());
  }

  @Override
  public List<InitialSequence> masked(int count) {
    if (content.length() == ModelContent.ANY_LENGTH) {
      throw new IllegalStateException("this model has no length: give one to of or to masked");
    }
    return masked(count, content.length());
  }

  @Override
  public List<Sample> generate(
      List<InitialSequence> sequences,
      SamplingOptions options,
      double guidance,
      SamplingListener listener) {
    Denoiser denoiser = guidance == 1 ? network : guided(guidance);
    if (listener.equals(SamplingListener.none())) {
      SamplingJob job = jobs.unheard(denoiser, sequences, options);
      scheduler.submit(job);
      return await(job);
    }
    ListenerRelay relay = new ListenerRelay(listener, scheduler::wake);
    SamplingJob job = jobs.heard(denoiser, sequences, options, relay);
    scheduler.submit(job);
    return tell(job, relay);
  }

  private Denoiser guided(double guidance) {
    int nullLabel =
        description()
            .config()
            .network()
            .nullLabel()
            .orElseThrow(
                () -> new IllegalArgumentException("the network always needs a class to guess"));
    return new GuidedDenoiser(network, nullLabel, guidance);
  }

  private List<Sample> tell(SamplingJob job, ListenerRelay relay) {
    SamplingJob outer = listening.put(Thread.currentThread(), job);
    try {
      relay.tellAll();
      return await(job);
    } catch (InterruptedException e) {
      throw cancelled(job);
    } catch (RuntimeException | Error e) {
      job.end(e); // of the listener, if it has not ended
      scheduler.wake();
      throw e;
    } finally {
      if (outer == null) {
        listening.remove(Thread.currentThread());
      } else {
        listening.put(Thread.currentThread(), outer);
      }
    }
  }

  private List<Sample> await(SamplingJob job) {
    try {
      return job.done().get();
    } catch (InterruptedException e) {
      throw cancelled(job);
    } catch (ExecutionException e) {
      throw Interrupted.unchecked(e.getCause());
    }
  }

  private RuntimeException cancelled(ScheduledRequest request) {
    RuntimeException cause = Interrupted.again();
    request.end(cause);
    scheduler.wake();
    return cause;
  }

  @Override
  public PendingSamples submit(
      List<InitialSequence> sequences, SamplingOptions options, RequestLimits requestLimits) {
    SubmittedSamples submitted = new SubmittedSamples(scheduler, callbacks, listening);
    SamplingJob job = jobs.streamed(network, sequences, options, requestLimits, submitted.stream());
    submitted.begin(job);
    return submitted;
  }

  @Override
  public InitialSequence template(String text, long index) {
    return new InitialSequence(Template.parse(text, tokenizer(), content.length()), index);
  }

  @Override
  public List<InitialSequence> maskedInPart(List<int[]> x, SamplingOptions options) {
    checkIsMasked();
    x.forEach(each -> checkTokens(each, space().maskToken()));
    double time = options.method(generation()).timeAt(options.from());
    return IntStream.range(0, x.size())
        .mapToObj(i -> new InitialSequence(masked(x.get(i), time, i, options.seed()), i))
        .toList();
  }

  private void checkIsMasked() {
    if (!generation().isUnmasking()) {
      throw new IllegalArgumentException("only a masked diffusion model masks sequences in part");
    }
  }

  private int[] masked(int[] x, double time, long index, long seed) {
    double[] u = new Noise(seed).uniforms(Purpose.RECONSTRUCTION, 0, index, x.length);
    return new ForwardProcess(space(), schedule()).mask(x, time, u);
  }

  @Override
  public TokenDistribution distribution(InitialSequence x, double t, long seed) {
    checkIsMasked();
    checkTokens(x.zt(), space().maskToken());
    require(t >= 0 && t <= 1, "t must be in [0, 1]", t);
    InitialSequence zt = x.with(masked(x.zt(), t, x.index(), seed));
    ScoreRequest<TokenDistribution> request =
        new ScoreRequest<>(RequestLimits.none(), x.zt().length);
    scheduler.enter(request);
    return computed(request, () -> scheduler.call(() -> Distributions.of(manager, network, zt, t)));
  }

  @Override
  public LikelihoodEstimate score(int[] x, ScoringOptions options) {
    checkIsScored(x);
    ScoreRequest<LikelihoodEstimate> request = entered(x, RequestLimits.none());
    return computed(request, () -> estimate(request, x, options));
  }

  @Override
  public Pending<LikelihoodEstimate> submitScore(
      int[] x, ScoringOptions options, RequestLimits requestLimits) {
    checkIsScored(x);
    int[] tokens = x.clone();
    ScoreRequest<LikelihoodEstimate> request = entered(tokens, requestLimits);
    callbacks.execute(() -> compute(request, () -> estimate(request, tokens, options)));
    return new SubmittedScore<>(scheduler, request, callbacks);
  }

  private void checkIsScored(int[] x) {
    int longest = content.length();
    require(
        x.length >= 1 && x.length <= longest,
        "a scored sequence must have 1 to %d tokens".formatted(longest),
        x.length);
    checkTokens(x, tokenizer().vocabularySize() - 1);
  }

  private <T> ScoreRequest<T> entered(int[] x, RequestLimits requestLimits) {
    long positions = (long) LikelihoodEstimator.GROUP * x.length;
    ScoreRequest<T> request = new ScoreRequest<>(requestLimits, positions);
    scheduler.enter(request);
    return request;
  }

  private LikelihoodEstimate estimate(
      ScoreRequest<LikelihoodEstimate> request, int[] x, ScoringOptions options) {
    LikelihoodEstimator.Settings settings =
        new LikelihoodEstimator.Settings(options.seed(), 1, LikelihoodEstimator.GROUP);
    RepeatedExample examples =
        new RepeatedExample(x, (long) options.groups() * LikelihoodEstimator.GROUP);
    Caller caller = jobs.caller(network);
    RowLoss loss = content.objective().likelihood().rowLoss();
    // A request has one batch among those of others: it is handed over when its losses are read.
    LikelihoodEstimator.Losses shared =
        batch ->
            () -> {
              request.checkIsGoingOn();
              return batch.askedCount() == 0
                  ? new float[0]
                  : scheduler.losses(new ScoreJob(request, caller, batch, loss));
            };
    return new LikelihoodEstimator(content.objective(), settings)
        .score(shared, examples, done -> request.checkIsGoingOn())
        .estimate();
  }

  private <T> void compute(ScoreRequest<T> request, Supplier<T> computation) {
    try {
      request.run(computation);
    } finally {
      scheduler.leave(request);
    }
  }

  private <T> T computed(ScoreRequest<T> request, Supplier<T> computation) {
    compute(request, computation);
    try {
      return request.done().get();
    } catch (InterruptedException e) {
      throw cancelled(request);
    } catch (ExecutionException e) {
      throw Interrupted.unchecked(told(e.getCause()));
    }
  }

  private Throwable told(Throwable cause) {
    return cause instanceof RuntimeException e ? content.told(e) : cause;
  }

  private static void checkTokens(int[] x, int largest) {
    for (int token : x) {
      require(
          token >= 0 && token <= largest, "tokens must be in [0, %d]".formatted(largest), token);
    }
  }

  @Override
  public ServiceCounts counts() {
    return scheduler.counts();
  }

  @Override
  public void close() {
    closeWithin(limits.grace());
  }

  @Override
  public void closeWithin(Duration grace) {
    boolean isFreed = scheduler.beginClosing(grace);
    SamplingJob own = listening.get(Thread.currentThread());
    if (own != null) {
      own.end(new IllegalStateException("this model was closed in a listener of this request"));
      scheduler.wake();
    } else if (!isFreed) {
      scheduler.awaitRelease();
    }
  }

  private void free(DrawKernels kernels) {
    kernels.close();
    content.close();
    manager.close();
    GpuMemory.release(manager.getDevice());
  }
}
