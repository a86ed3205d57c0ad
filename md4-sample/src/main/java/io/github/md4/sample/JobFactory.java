// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.ByLength;
import io.github.md4.sample.internal.call.CallPart;
import io.github.md4.sample.internal.call.Caller;
import io.github.md4.sample.internal.call.NetworkCall;
import io.github.md4.sample.internal.call.NetworkQuery;
import io.github.md4.sample.internal.service.CallCount;
import io.github.md4.sample.internal.service.EventStream;
import io.github.md4.sample.internal.service.JobListener;
import io.github.md4.sample.internal.service.ListenerRelay;
import io.github.md4.sample.internal.service.SamplingJob;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** The making of {@link SamplingJob}s, with the checks of what users ask for. */
record JobFactory(
    NDManager manager, DrawKernels kernels, ModelContent content, ServiceLimits limits) {
  /** The most logits that a call computes, but for a single sequence: a gibibyte of float32. */
  private static final long MOST_LOGITS = 1L << 28;

  /** Returns the most positions that are asked in a call. */
  int mostRows() {
    return Math.toIntExact(Math.max(1, MOST_LOGITS / space().vocabularySize()));
  }

  /** Returns what calls the network itself. */
  Caller caller(Denoiser denoiser) {
    return new NetworkCall(manager, denoiser, kernels);
  }

  private TokenSpace space() {
    return new TokenSpace(content.tokenizer().vocabularySize());
  }

  /** Returns a request whose samples alone are wanted. */
  SamplingJob unheard(Denoiser denoiser, List<InitialSequence> sequences, SamplingOptions options) {
    return new SamplingJob(
        content(denoiser, sequences, options), RequestLimits.none(), new JobListener.Deaf());
  }

  /** Returns a request to whose calls a listener listens. */
  SamplingJob heard(
      Denoiser denoiser,
      List<InitialSequence> sequences,
      SamplingOptions options,
      ListenerRelay relay) {
    SamplingJob.Content plain = content(denoiser, sequences, options);
    SamplingJob.Content asked =
        relay.readsPlanned() ? plain.withPlannedCalls(calls(plain.requests(), options)) : plain;
    return new SamplingJob(asked, RequestLimits.none(), relay);
  }

  private List<Integer> calls(List<SampleRequest> requests, SamplingOptions options) {
    Function<InitialSequence, int[]> rows = procedure(options).rows(context(options));
    return requests.stream().map(each -> CallCount.of(each, rows, mostRows())).toList();
  }

  /** Returns a request whose events go to a stream. */
  SamplingJob streamed(
      Denoiser denoiser,
      List<InitialSequence> sequences,
      SamplingOptions options,
      RequestLimits requestLimits,
      EventStream stream) {
    return new SamplingJob(
        content(denoiser, sequences, options), requestLimits, new JobListener.ToStream(stream));
  }

  private SamplingProcedure procedure(SamplingOptions options) {
    return method(options).under(content.schedule(), content.generation());
  }

  private SamplingMethod method(SamplingOptions options) {
    return options.method(content.generation());
  }

  private SamplingJob.Content content(
      Denoiser denoiser, List<InitialSequence> sequences, SamplingOptions options) {
    TokenSpace space = space();
    sequences.forEach(sequence -> sequence.check(space));
    SamplingProcedure procedure = procedure(options);
    List<List<Integer>> places = List.copyOf(ByLength.of(sequences));
    List<SampleRequest> requests =
        places.stream()
            .map(some -> options.request(some.stream().map(sequences::get).toList()))
            .map(each -> each.withBatchSize(Math.min(each.batchSize(), limits.callSequences())))
            .toList();
    return new SamplingJob.Content(
        new CallPart.Drawing(procedure.draw(), options.law()),
        request -> query(procedure, options, denoiser, request),
        stopped(procedure.trajectories(context(options)), options),
        sample -> sample.withText(text(sample, options)),
        requests,
        places,
        List.of());
  }

  private BatchedQuery query(
      SamplingProcedure procedure,
      SamplingOptions options,
      Denoiser denoiser,
      SampleRequest request) {
    Denoiser asked = MethodDenoiser.of(method(options), denoiser, space(), request);
    int length = request.sequences().get(0).zt().length;
    return procedure.query(
        new NetworkQuery(manager, asked, kernels, procedure.draw(), options.law()),
        request.batchSize(),
        length);
  }

  private SamplingContext context(SamplingOptions options) {
    return new SamplingContext(space(), new Noise(options.seed()), options.from());
  }

  private Trajectory.Factory stopped(Trajectory.Factory whole, SamplingOptions options) {
    return options.stopTokens().isEmpty()
        ? whole
        : initial -> new StoppedTrajectory(whole.of(initial), end(initial.zt(), options));
  }

  private SequenceEnd end(int[] initial, SamplingOptions options) {
    return SequenceEnd.of(initial, options.stopTokens(), space().maskToken());
  }

  /** Returns the text of a sample, without what follows a token that ends it. */
  private String text(Sample sample, SamplingOptions options) {
    int[] tokens = sample.tokens();
    int[] initial = tokens.clone();
    for (int n : sample.filled()) {
      initial[n] = space().maskToken();
    }
    int length = end(initial, options).in(tokens);
    return content.tokenizer().decode(Arrays.copyOf(tokens, length));
  }
}
