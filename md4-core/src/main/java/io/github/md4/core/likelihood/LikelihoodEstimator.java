// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Division;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.LossCalls;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.PendingLosses;
import io.github.md4.core.diffusion.QueryBatch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An estimator of an objective's value over given examples, by one query an example and pass.
 *
 * <p>What chooses times is stratified over fixed groups of {@value #GROUP} consecutive examples,
 * and all noise is a function of (seed, pass, group or example): the same for any batch size, for
 * every estimator and for every model. All is weighted by tokens. Estimates are in nats per token;
 * docs/reproduce.md says what their errors cover. One estimator may be used again, by one thread at
 * a time.
 *
 * <p>A batch is begun before the losses of the batch before it are read, so that a GPU always has
 * the next call behind the one that it computes; see {@link LossCalls}. Results, their order and
 * what is reported are those of one batch after another.
 */
public final class LikelihoodEstimator {
  /** Number of consecutive examples whose times are stratified together. */
  public static final int GROUP = 64;

  private final Objective objective;
  private final Settings settings;
  private final Division division;

  /**
   * The amount of computation and the seed of its noise.
   *
   * @param seed the seed of times and masks
   * @param passes how many times and masks each example gets, at least 1
   * @param batchSize how many examples the network sees at once, at least 1; of no effect on the
   *     result but for the last bits of its arithmetic
   */
  public record Settings(long seed, int passes, int batchSize) {
    /**
     * Checks the settings.
     *
     * @param passes how many times and masks each example gets, at least 1
     * @param batchSize how many examples the network sees at once, at least 1; of no effect on the
     *     result but for the last bits of its arithmetic
     * @param seed the seed of times and masks
     * @throws IllegalArgumentException if {@code passes} or {@code batchSize} is below 1
     */
    public Settings {
      if (passes < 1) {
        throw new IllegalArgumentException("passes must be at least 1: " + passes);
      }
      if (batchSize < 1) {
        throw new IllegalArgumentException("batchSize must be at least 1: " + batchSize);
      }
    }
  }

  /** A listener that hears how many examples are done, of all passes. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Hears how far the estimate is.
     *
     * @param examples the number of examples done, at most count times passes
     */
    void done(long examples);
  }

  /**
   * Makes the estimator of a process that is alone.
   *
   * @param objective the objective, which scores as {@link Objective#likelihood} does
   * @param settings the seed of times and masks, the number of passes and the examples of a batch
   */
  public LikelihoodEstimator(Objective objective, Settings settings) {
    this(objective, settings, Division.whole());
  }

  /**
   * Makes the estimator of a part of the batches.
   *
   * @param objective the objective, which scores as {@link Objective#likelihood} does
   * @param settings the seed of times and masks, the number of passes and the examples of a batch
   * @param division the division of the batches; where it knows all losses, the result is the same
   *     to the last bit as that of one part
   */
  public LikelihoodEstimator(Objective objective, Settings settings, Division division) {
    this.objective = objective.likelihood();
    this.settings = settings;
    this.division = division;
  }

  /**
   * {@return the estimate over all examples}
   *
   * @param manager the owner of the network's arrays, one batch at a time; its device is that of
   *     the network
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   */
  public LikelihoodEstimate estimate(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    return score(manager, denoiser, examples, progress).estimate();
  }

  /**
   * As {@link #estimate}, kept in parts, to be compared with others.
   *
   * @param manager the owner of the network's arrays; its device is that of the network
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   * @return the estimate in parts
   */
  public BoundEstimate score(
      NDManager manager, Denoiser denoiser, Examples examples, Progress progress) {
    try (LossCalls calls = LossCalls.of(manager, denoiser, objective.rowLoss())) {
      return score(calls::begin, examples, progress);
    }
  }

  /** A network in any form that is asked for losses before they are read. */
  @FunctionalInterface
  public interface Losses {
    /**
     * Asks for the losses of a batch. Those of at most one batch before it have not been read.
     *
     * @param batch what the network is shown and asked
     * @return the losses of the batch's asked positions in order, nats, [{@link
     *     QueryBatch#askedCount}]; closed by the estimator, whatever happens
     */
    PendingLosses begin(QueryBatch batch);
  }

  /**
   * As {@link #score(NDManager, Denoiser, Examples, Progress)}, of a network in any form.
   *
   * @param losses the source of the losses under the objective's {@link Objective#likelihood}
   * @param examples the held-out sequences of length N and their documents
   * @param progress hears, after each batch, how many examples are done
   * @return the estimate in parts
   */
  public BoundEstimate score(Losses losses, Examples examples, Progress progress) {
    BoundSums sums = BoundSums.of(objective, examples, settings.passes);
    ScoredBatches batches = new ScoredBatches(objective, examples, settings, division.parts());
    try (LossesAhead ahead = new LossesAhead(losses)) {
      List<ScoredBatches.Batch> round = batches.round();
      while (!round.isEmpty()) {
        addRound(sums, ahead, round);
        progress.done(round.get(round.size() - 1).done());
        round = batches.round();
      }
    }
    return sums.estimate(settings);
  }

  private void addRound(BoundSums sums, LossesAhead ahead, List<ScoredBatches.Batch> round) {
    List<Optional<byte[]>> results =
        division.round(
            round.stream().<Supplier<byte[]>>map(batch -> () -> bytes(ahead.of(batch))).toList());
    for (int i = 0; i < round.size(); i++) {
      ScoredBatches.Batch batch = round.get(i);
      results.get(i).ifPresent(found -> batch.addTo(sums, floats(found)));
    }
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }
}
