// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.NetworkQuery;
import io.github.md4.sample.internal.service.CallCount;
import io.github.md4.sample.internal.service.SampleRun;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A sampler of sequences from masks, or of the holes of given ones, by a method of the user's
 * choice (MD4, arXiv 2406.04329, Section 4; spec, Section 4). A position that is no mask at first
 * never changes.
 *
 * <p>Used by one thread at a time. Closing it frees the code that draws, not the manager and not
 * the model.
 */
public final class Sampler implements AutoCloseable {
  /** The most logits that a call computes, but for a single sequence: a gibibyte of float32. */
  private static final long MOST_LOGITS = 1L << 28;

  private final NDManager manager;
  private final DrawKernels kernels;
  private final GenerativeModel model;
  private final SamplingProcedure procedure;
  private final TokenLaw law;
  private final SamplingMethod method;
  private final Runnable release;

  /**
   * Makes a sampler that draws by a law.
   *
   * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
   *     array is freed at the end of its call
   * @param model the network with its vocabulary, schedule and form of generation; not closed with
   *     this
   * @param method the rule by which positions are chosen and revealed in each step
   * @param law the law of the tokens of revealed positions
   * @throws IllegalArgumentException if the method has no form for the model's schedule
   */
  public Sampler(NDManager manager, GenerativeModel model, SamplingMethod method, TokenLaw law) {
    this(manager, new DrawKernels(manager), model, method, law, DrawKernels::close);
  }

  /**
   * Makes a sampler of the network's own law.
   *
   * @param manager the manager, and so the device, of the arrays that the denoiser is given
   * @param model the network with its vocabulary, schedule and form of generation; not closed with
   *     this
   * @param method the rule by which positions are chosen and revealed in each step
   * @throws IllegalArgumentException if the method has no form for the model's schedule
   */
  public Sampler(NDManager manager, GenerativeModel model, SamplingMethod method) {
    this(manager, model, method, TokenLaw.MODEL);
  }

  /**
   * A sampler with the kernels of several.
   *
   * @param kernels not closed with this
   */
  Sampler(
      NDManager manager,
      DrawKernels kernels,
      GenerativeModel model,
      SamplingMethod method,
      TokenLaw law) {
    this(manager, kernels, model, method, law, shared -> {});
  }

  /** A sampler of the network's own law, with the kernels of several. */
  Sampler(NDManager manager, DrawKernels kernels, GenerativeModel model, SamplingMethod method) {
    this(manager, kernels, model, method, TokenLaw.MODEL);
  }

  private Sampler(
      NDManager manager,
      DrawKernels kernels,
      GenerativeModel model,
      SamplingMethod method,
      TokenLaw law,
      Consumer<DrawKernels> release) {
    this.manager = Objects.requireNonNull(manager, "manager");
    this.kernels = Objects.requireNonNull(kernels, "kernels");
    this.model = Objects.requireNonNull(model, "model");
    this.procedure = method.under(model.schedule(), model.generation());
    this.law = Objects.requireNonNull(law, "law");
    this.method = method;
    this.release = () -> release.accept(kernels);
  }

  /**
   * As {@link #sample(SampleRequest, SamplingListener)}, without a listener.
   *
   * @param request the initial sequences, the seed of their noise and the sequences of a call
   * @return the samples, in the order of the request, without texts
   * @throws IllegalArgumentException if a sequence has a token outside [0, V]
   */
  public List<Sample> sample(SampleRequest request) {
    return sample(request, SamplingListener.none());
  }

  /**
   * Draws samples. The tokens of one depend only on the seed and its own initial sequence, as far
   * as the network's rounding does not depend on the batch.
   *
   * @param request the initial sequences, the seed of their noise and the sequences of a call
   * @param listener told of the calls and of changed positions, on this thread
   * @return the samples, in the order of the request, without texts
   * @throws IllegalArgumentException if a sequence has a token outside [0, V]
   */
  public List<Sample> sample(SampleRequest request, SamplingListener listener) {
    check(request);
    SampleRun run = new SampleRun(request, procedure.trajectories(context(request)), rowLimit());
    int length = request.sequences().get(0).zt().length;
    Denoiser denoiser = MethodDenoiser.of(method, model.denoiser(), model.space(), request);
    try (BatchedQuery query =
        procedure.query(
            new NetworkQuery(manager, denoiser, kernels, procedure.draw(), law),
            request.batchSize(),
            length)) {
      return run.run(query, listener, listener.readsPlanned() ? calls(request) : 0);
    }
  }

  /**
   * {@return the number of calls of the network, without calling it: exactly if {@link #isPlanned},
   * or else an upper bound}
   *
   * @param request the initial sequences, the seed of their noise and the sequences of a call
   */
  public int calls(SampleRequest request) {
    check(request);
    return CallCount.of(request, procedure.rows(context(request)), rowLimit());
  }

  /** {@return whether {@link #calls} is exact} */
  public boolean isPlanned() {
    return procedure.isPlanned();
  }

  private void check(SampleRequest request) {
    request.sequences().forEach(sequence -> sequence.check(model.space()));
  }

  private SamplingContext context(SampleRequest request) {
    return new SamplingContext(model.space(), new Noise(request.seed()), request.from());
  }

  private int rowLimit() {
    return Math.toIntExact(Math.max(1, MOST_LOGITS / model.space().vocabularySize()));
  }

  /** Frees the code that draws. */
  @Override
  public void close() {
    release.run();
  }
}
