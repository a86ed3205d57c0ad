// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.GuidedDenoiser;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A measurement of sampling from an untrained network. */
record SampleBench(NDManager manager, FrozenWorkload workload, Starts starts) {
  /** The calls of the request that are made before it is measured from its beginning. */
  private static final int WARM_UP_CALLS = 24;

  /** A scale of guidance that leaves the network as it is. */
  static final double NO_GUIDANCE = 1;

  /**
   * The sequences that sampling starts from.
   *
   * @param count their number
   * @param given the share of positions that are given, in [0, 1), evenly between the masks
   * @param guidance the scale of guidance by the class, which needs a network trained without
   *     classes too; {@link #NO_GUIDANCE} leaves the network as it is
   */
  record Starts(int count, double given, double guidance) {
    /** Returns in words what is not usual; empty where nothing is. */
    String text() {
      String some = given == 0 ? "" : ", %s of the positions given".formatted(given);
      return some + (guidance == NO_GUIDANCE ? "" : ", guidance " + guidance);
    }

    private boolean isGiven(int position) {
      return Math.floor((position + 1) * given) > Math.floor(position * given);
    }

    private int[] tokens(FrozenWorkload workload, long index) {
      int mask = workload.space().maskToken();
      return IntStream.range(0, workload.model().length())
          .map(n -> isGiven(n) ? workload.token(index, n) : mask)
          .toArray();
    }

    private Denoiser of(Denoiser network, FrozenWorkload workload) {
      return guidance == NO_GUIDANCE
          ? network
          : new GuidedDenoiser(
              network, workload.model().network().nullLabel().orElseThrow(), guidance);
    }
  }

  /**
   * The result for whole sequences, from the first to the last step.
   *
   * @param planSeconds the time to plan all calls, which {@code times} do not include
   * @param sequenceCalls the sum over all sequences of the calls that each took part in
   */
  record Result(
      UntrainedNetwork.Code code,
      Times times,
      double planSeconds,
      long networkCalls,
      long sequenceCalls,
      ProcessMemory memory) {

    double seconds() {
      return times.median();
    }

    double sequencesPerSecond(int count) {
      return count / seconds();
    }

    double millisecondsACall() {
      return seconds() * 1e3 / networkCalls;
    }
  }

  /**
   * Measures the sampling.
   *
   * @param repeats the times that the request is made and measured, at least 1
   * @param warmUp the options of one batch that is sampled before the measurement, as are the first
   *     calls of the request itself
   * @throws IOException if the network cannot be made
   */
  Result run(SamplingOptions options, int repeats, SamplingOptions warmUp) throws IOException {
    try (UntrainedNetwork network = new UntrainedNetwork(manager, workload)) {
      GenerativeModel model =
          new GenerativeModel(
              starts.of(network.denoiser(), workload),
              workload.space(),
              workload.schedule(),
              workload.generation());
      try (Sampler warming = new Sampler(manager, model, warmUp.method(), warmUp.law());
          Sampler sampler = new Sampler(manager, model, options.method(), options.law())) {
        List<Sample> unused = warming.sample(request(warmUp.batchSize(), warmUp));
        begin(sampler, request(starts.count, options));
        return measured(sampler, request(starts.count, options), repeats, network.code());
      }
    }
  }

  /** Makes the first calls of a request, so that what is prepared for calls like them is there. */
  private static void begin(Sampler sampler, SampleRequest request) {
    try {
      List<Sample> unused =
          sampler.sample(
              request,
              (done, all) -> {
                if (done == WARM_UP_CALLS) {
                  throw new EnoughException();
                }
              });
    } catch (EnoughException e) {
      // The rest is measured.
    }
  }

  /** Ends a request. */
  private static final class EnoughException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** The number of calls; that of all calls is planned apart, and timed apart. */
  private static final class Calls implements SamplingListener {
    private int done;

    @Override
    public void called(int done, int planned) {
      this.done = done;
    }

    @Override
    public boolean readsPlanned() {
      return false;
    }
  }

  private Result measured(
      Sampler sampler, SampleRequest request, int repeats, UntrainedNetwork.Code code) {
    long start = System.nanoTime();
    int planned = sampler.calls(request);
    double planSeconds = (System.nanoTime() - start) * 1e-9;
    Calls calls = new Calls();
    List<Sample> samples = new ArrayList<>();
    Times times =
        Times.of(
            repeats,
            () -> {
              samples.clear();
              samples.addAll(sampler.sample(request, calls));
            });
    long sequenceCalls = samples.stream().mapToLong(Sample::calls).sum();
    if (calls.done > planned) {
      throw new IllegalStateException(
          "there must be no more calls than planned: %d, %d".formatted(calls.done, planned));
    }
    return new Result(
        code, times, planSeconds, calls.done, sequenceCalls, ProcessMemory.of(manager.getDevice()));
  }

  private SampleRequest request(int count, SamplingOptions options) {
    int label = workload.label(InitialSequence.NO_LABEL);
    List<InitialSequence> sequences =
        LongStream.range(0, count)
            .mapToObj(i -> new InitialSequence(starts.tokens(workload, i), i, label))
            .toList();
    return SampleRequest.of(sequences).withSeed(options.seed()).withBatchSize(options.batchSize());
  }
}
