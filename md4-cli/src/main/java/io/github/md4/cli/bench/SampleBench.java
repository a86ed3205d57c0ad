// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A measurement of sampling from an untrained network; the speed does not depend on the weights.
 */
record SampleBench(NDManager manager, Workload workload) {
  /** The calls of the request that are made before it is measured from its beginning. */
  private static final int WARM_UP_CALLS = 24;

  /**
   * The workload that is measured.
   *
   * @param residual the type of the residual stream that is asked for
   */
  record Workload(ModelConfig model, int vocabularySize, Precision precision, Precision residual) {
    Schedule schedule() {
      return model.schedule().starting(vocabularySize, model.epsilon());
    }

    Generation generation() {
      return model.objective().generation();
    }
  }

  /**
   * The times in seconds.
   *
   * @param sampling of each time that the request was made, in ascending order
   * @param plan the time to plan all calls, which {@code sampling} does not include
   */
  record Times(double[] sampling, double plan) {
    double median() {
      return sampling[sampling.length / 2];
    }

    double least() {
      return sampling[0];
    }

    double most() {
      return sampling[sampling.length - 1];
    }
  }

  /**
   * The code that computes the network.
   *
   * @param residual the type of the residual stream as it is
   */
  record Code(String description, Precision residual) {}

  /**
   * The result for whole sequences, from the first to the last step.
   *
   * @param sequenceCalls the sum over all sequences of the calls that each took part in
   */
  record Result(
      Code code, Times times, long networkCalls, long sequenceCalls, ProcessMemory memory) {

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
   * @param count the number of sequences
   * @param repeats the times that the request is made and measured, at least 1
   * @param warmUp the options of one batch that is sampled before the measurement, as are the first
   *     calls of the request itself
   */
  Result run(SamplingOptions options, int count, int repeats, SamplingOptions warmUp) {
    try (Network network =
            workload.model.network().network(manager, workload.vocabularySize, workload.precision);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(0));
        FrozenDenoiser denoiser = network.frozen(manager, parameters, workload.residual)) {
      TokenSpace space = new TokenSpace(workload.vocabularySize);
      GenerativeModel model =
          new GenerativeModel(denoiser, space, workload.schedule(), workload.generation());
      try (Sampler warming = new Sampler(manager, model, warmUp.method(), warmUp.law());
          Sampler sampler = new Sampler(manager, model, options.method(), options.law())) {
        List<Sample> unused = warming.sample(request(warmUp.batchSize(), warmUp));
        begin(sampler, request(count, options));
        return measured(sampler, request(count, options), repeats, code(denoiser));
      }
    }
  }

  private static Code code(FrozenDenoiser denoiser) {
    return new Code(denoiser.description(), denoiser.residual());
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

  private Result measured(Sampler sampler, SampleRequest request, int repeats, Code code) {
    long start = System.nanoTime();
    int planned = sampler.calls(request);
    double planSeconds = (System.nanoTime() - start) * 1e-9;
    Calls calls = new Calls();
    List<Sample> samples = List.of();
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      long begin = System.nanoTime();
      samples = sampler.sample(request, calls);
      seconds[i] = (System.nanoTime() - begin) * 1e-9;
    }
    Arrays.sort(seconds);
    long sequenceCalls = samples.stream().mapToLong(Sample::calls).sum();
    if (calls.done > planned) {
      throw new IllegalStateException(
          "there must be no more calls than planned: %d, %d".formatted(calls.done, planned));
    }
    return new Result(
        code,
        new Times(seconds, planSeconds),
        calls.done,
        sequenceCalls,
        ProcessMemory.of(manager.getDevice()));
  }

  private SampleRequest request(int count, SamplingOptions options) {
    TokenSpace space = new TokenSpace(workload.vocabularySize);
    int label = workload.model.network().classes() == 0 ? InitialSequence.NO_LABEL : 0;
    List<InitialSequence> starts =
        LongStream.range(0, count)
            .mapToObj(
                i -> InitialSequence.masked(space, workload.model.length(), i).withLabel(label))
            .toList();
    return SampleRequest.of(starts).withSeed(options.seed()).withBatchSize(options.batchSize());
  }
}
