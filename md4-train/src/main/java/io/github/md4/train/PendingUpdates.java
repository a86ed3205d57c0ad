// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.internal.update.UpdateNumbers;
import io.github.md4.train.internal.update.UpdateNumbers.Read;
import io.github.md4.train.optimizer.DivergedException;
import io.github.md4.train.optimizer.Spike;
import java.util.ArrayList;
import java.util.List;

/**
 * The updates whose numbers are still on the device: reading one would wait for it, so they are
 * read together when they are due.
 */
final class PendingUpdates {
  /** A spike is over sooner. */
  private static final int MOST_IN_A_ROW = 20;

  private final TrainingConfig config;
  private final double constantBits;
  private final List<Pending> pending = new ArrayList<>();
  private Partial partial = Partial.NONE;

  private record Pending(long step, long batch, UpdateNumbers numbers) {}

  /**
   * @param constantBits what the loss has besides the diffusion term, bits per token
   */
  PendingUpdates(TrainingConfig config, double constantBits) {
    this.config = config;
    this.constantBits = constantBits;
  }

  /**
   * Takes an update, and closes its numbers later.
   *
   * @param step the update's number, from 1
   * @param batch which of the run's batches it was made with, from 0
   */
  void add(long step, long batch, UpdateNumbers numbers) {
    pending.add(new Pending(step, batch, numbers));
  }

  /**
   * Reads all of them and returns those that were not made.
   *
   * @throws DivergedException if a loss is not finite and nobody guards the run, or if too many in
   *     a row were not made; names the step
   */
  List<Spike> read() {
    List<Spike> spikes = new ArrayList<>();
    for (Pending each : pending) {
      Read read = each.numbers.read();
      each.numbers.close();
      if (!read.isMade()) {
        spikes.add(spike(each, read));
      } else if (!Float.isFinite(read.loss())) {
        throw DivergedException.notFinite("the loss of", each.step, config.seed());
      }
      partial = partial.with(read);
      if (partial.leftOutInARow == MOST_IN_A_ROW && !config.optimization().guard().goesBack()) {
        throw stuck(each.step);
      }
    }
    pending.clear();
    return spikes;
  }

  private Spike spike(Pending of, Read read) {
    Spike.Examples examples =
        new Spike.Examples(of.batch * config.batching().batchSize(), config.batching().batchSize());
    return new Spike(of.step, read.loss() + constantBits, read.gradientNorm(), examples);
  }

  private DivergedException stuck(long step) {
    return new DivergedException(
        "%d updates in a row were skipped up to step %,d (seed %d): that is no spike"
            .formatted(MOST_IN_A_ROW, step, config.seed()),
        "lower training.learningRate.base or give training.guard, %s, more deviations"
            .formatted(config.optimization().guard()));
  }

  /** Returns the means of what was made and read since the last call. */
  Means takeMeans() {
    Means means =
        new Means(partial.losses / partial.count + constantBits, partial.norms / partial.count);
    partial = new Partial(0, 0, 0, partial.leftOutInARow);
    return means;
  }

  /**
   * Of several updates.
   *
   * @param bitsPerToken the loss in bits per token, with the constant term of the bound
   * @param gradientNorm NaN where nobody watches it
   */
  record Means(double bitsPerToken, double gradientNorm) {}

  /** Returns what {@link #takeMeans} will average so far. */
  Partial partial() {
    return partial;
  }

  /** Goes on from there. */
  void restore(Partial before) {
    partial = before;
  }

  /**
   * Means not yet finished.
   *
   * @param losses their sum, and that of the norms, over {@code count} updates
   * @param leftOutInARow updates that were not made since the last one that was
   */
  record Partial(double losses, double norms, long count, int leftOutInARow) {
    private static final Partial NONE = new Partial(0, 0, 0, 0);

    private Partial with(Read read) {
      return read.isMade()
          ? new Partial(losses + read.loss(), norms + norm(read), count + 1, 0)
          : new Partial(losses, norms, count, leftOutInARow + 1);
    }

    /** JSON has no NaN: what nobody watches is summed as 0. */
    private static double norm(Read read) {
      return Float.isNaN(read.gradientNorm()) ? 0 : read.gradientNorm();
    }
  }
}
