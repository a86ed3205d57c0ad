// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.LossCalls;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.PendingLosses;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import java.io.IOException;

/** A measurement of the estimate of the likelihood that an untrained network gives to sequences. */
record EvaluateBench(NDManager manager, FrozenWorkload workload) {
  /** The batches that are scored before the measurement. */
  private static final int WARM_UP_BATCHES = 4;

  /**
   * The result of all passes.
   *
   * @param networkCalls the calls of the network
   * @param askedPositions the positions whose losses were computed: the masked ones
   */
  record Result(
      UntrainedNetwork.Code code,
      Times times,
      long networkCalls,
      long askedPositions,
      ProcessMemory memory) {

    double millisecondsACall() {
      return times.median() * 1e3 / networkCalls;
    }

    /** Returns the sequences a second, each of which is scored in all passes. */
    double sequencesPerSecond(int count) {
      return count / times.median();
    }
  }

  /**
   * Measures the estimate.
   *
   * @param count the number of sequences
   * @param repeats the times that all is scored and measured, at least 1
   * @throws IOException if the network cannot be made
   */
  Result run(LikelihoodEstimator.Settings settings, int count, int repeats) throws IOException {
    try (UntrainedNetwork network = new UntrainedNetwork(manager, workload)) {
      Objective objective = workload.likelihood();
      LikelihoodEstimator estimator = new LikelihoodEstimator(objective, settings);
      Examples examples = new Arbitrary(workload, count);
      Counted counted = new Counted(manager, network, objective);
      counted.score(estimator, examples.first((long) WARM_UP_BATCHES * settings.batchSize()));
      Times times = Times.of(repeats, () -> counted.score(estimator, examples));
      return new Result(
          network.code(),
          times,
          counted.calls,
          counted.positions,
          ProcessMemory.of(manager.getDevice()));
    }
  }

  /** Sequences of arbitrary tokens. */
  private record Arbitrary(FrozenWorkload workload, long count) implements Examples {
    @Override
    public int length() {
      return workload.model().length();
    }

    @Override
    public void read(long index, int[] into) {
      for (int n = 0; n < into.length; n++) {
        into[n] = workload.token(index, n);
      }
    }

    @Override
    public int label(long index) {
      return workload.label(Condition.NO_LABEL);
    }
  }

  /** The network with the calls and the positions of the last estimate. */
  private static final class Counted {
    private final NDManager manager;
    private final UntrainedNetwork network;
    private final Objective objective;
    private long calls;
    private long positions;

    Counted(NDManager manager, UntrainedNetwork network, Objective objective) {
      this.manager = manager;
      this.network = network;
      this.objective = objective;
    }

    void score(LikelihoodEstimator estimator, Examples examples) {
      calls = 0;
      positions = 0;
      BoundEstimate estimate = estimate(estimator, examples);
      if (!Double.isFinite(estimate.estimate().natsPerToken())) {
        throw new IllegalStateException("the losses must be numbers");
      }
    }

    private BoundEstimate estimate(LikelihoodEstimator estimator, Examples examples) {
      try (LossCalls made = LossCalls.of(manager, network.denoiser(), objective.rowLoss())) {
        return estimator.score(batch -> counted(made, batch), examples, done -> {});
      }
    }

    private PendingLosses counted(LossCalls made, QueryBatch batch) {
      calls += batch.askedCount() > 0 ? 1 : 0;
      positions += batch.askedCount();
      return made.begin(batch);
    }
  }
}
