// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Samplers of sequences of {@value #LENGTH} out of {@value #TOKENS} tokens. */
public final class TinySampling implements AutoCloseable {
  static final int LENGTH = 13;
  static final int TOKENS = 7;
  static final long SEED = 83;
  static final MaskingSchedule SCHEDULE = new MaskingSchedule(new Curve.Linear());
  static final TokenSpace SPACE = new TokenSpace(TOKENS);

  final NDManager manager;
  final DrawKernels kernels;
  final List<Recording.Call> calls = new ArrayList<>();
  final Denoiser recording = new Recording(new ContextDenoiser(TOKENS), calls);
  final Hearing hearing = new Hearing();

  /** On the CPU, where rounding does not depend on the batch. */
  TinySampling() {
    this(Device.cpu());
  }

  TinySampling(Device device) {
    manager = NDManager.newBaseManager(device);
    kernels = new DrawKernels(manager);
  }

  GenerativeModel model(Denoiser denoiser) {
    return new GenerativeModel(denoiser, SPACE, SCHEDULE);
  }

  /** Returns a sampler that calls {@link #recording}. */
  Sampler sampler(SamplingMethod method) {
    return sampler(recording, method);
  }

  Sampler sampler(Denoiser denoiser, SamplingMethod method, TokenLaw law) {
    return new Sampler(manager, kernels, model(denoiser), method, law);
  }

  Sampler sampler(Denoiser denoiser, SamplingMethod method) {
    return new Sampler(manager, kernels, model(denoiser), method);
  }

  static SampleRequest masks(int count) {
    return ofMasks(SPACE, count, LENGTH).withSeed(SEED);
  }

  static SampleRequest requestOf(List<InitialSequence> sequences) {
    return SampleRequest.of(sequences).withSeed(SEED);
  }

  static List<int[]> tokens(List<Sample> samples) {
    return samples.stream().map(Sample::tokens).toList();
  }

  static void assertTokens(int[] sample) {
    assertThat(sample).hasSize(LENGTH);
    for (int token : sample) {
      assertThat(token).isBetween(0, TOKENS - 1);
    }
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }

  /** Returns a request for sequences of masks only, with the indices from 0 on. */
  public static SampleRequest ofMasks(TokenSpace space, int count, int length) {
    return SampleRequest.of(
        LongStream.range(0, count)
            .mapToObj(index -> InitialSequence.masked(space, length, index))
            .toList());
  }
}
