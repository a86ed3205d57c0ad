// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.noise.Noise;
import java.util.List;
import java.util.Objects;

/**
 * Draws sequences from masks, or fills those of given ones, by a method of the user's choice (MD4,
 * Section 4; spec, Section 4). A position that is no mask at the start never changes.
 */
public final class Sampler {
  /** The most logits that a call asks for, but for a single sequence's: a gibibyte of float32. */
  private static final long MOST_LOGITS = 1L << 28;

  private final NDManager manager;
  private final Denoiser denoiser;
  private final ReverseProcess process;
  private final SamplingMethod method;
  private final TokenLaw law;

  /**
   * @param manager the manager, and so the device, of what the denoiser is given; every array is
   *     freed at the end of its call
   * @param law that of the tokens of revealed positions
   * @throws IllegalArgumentException if the method does not take the process's schedule
   */
  public Sampler(
      NDManager manager,
      Denoiser denoiser,
      ReverseProcess process,
      SamplingMethod method,
      TokenLaw law) {
    this.manager = Objects.requireNonNull(manager, "manager");
    this.denoiser = Objects.requireNonNull(denoiser, "denoiser");
    this.process = Objects.requireNonNull(process, "process");
    this.method = Objects.requireNonNull(method, "method");
    this.law = Objects.requireNonNull(law, "law");
    method.check(process.schedule());
  }

  /** A sampler of the network's own law. */
  public Sampler(
      NDManager manager, Denoiser denoiser, ReverseProcess process, SamplingMethod method) {
    this(manager, denoiser, process, method, TokenLaw.MODEL);
  }

  /** As {@link #sample(SampleRequest, SamplingListener)}, telling nobody. */
  public List<Sample> sample(SampleRequest request) {
    return sample(request, SamplingListener.none());
  }

  /**
   * Returns the samples in the order of the request. The tokens of one depend on the seed and its
   * own start only, as far as the network's rounding does not depend on the batch it is in.
   */
  public List<Sample> sample(SampleRequest request, SamplingListener listener) {
    SampleRun run = run(request);
    BatchedQuery asking =
        new NetworkQuery(manager, denoiser, process.kernels(), method.rowDraw(law));
    return run.run(asking, listener, calls(run));
  }

  /**
   * Returns how often the network will be asked: exactly, without asking it, or the most there can
   * be where {@link SamplingMethod#isPlanned} is false.
   */
  public int calls(SampleRequest request) {
    return calls(run(request));
  }

  /** A walk whose answers leave every mask where it is asks the most. */
  private int calls(SampleRun run) {
    boolean isPlanned = method.isPlanned() && !process.isPowered();
    return run.calls(isPlanned ? 0 : process.space().maskToken());
  }

  private SampleRun run(SampleRequest request) {
    request.starts().forEach(start -> start.check(process.space()));
    SamplingContext setting =
        new SamplingContext(process, new Noise(request.seed()), request.from());
    int vocabularySize = process.space().vocabularySize();
    int rowLimit = Math.toIntExact(Math.max(1, MOST_LOGITS / vocabularySize));
    return new SampleRun(request, method.beginning(setting), rowLimit);
  }
}
