// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;

/**
 * The losses of steps whose numbers are still on the device: reading one would wait for it, so they
 * are read together when they are due.
 */
final class PendingLosses {
  private final long seed;
  private final List<Pending> pending = new ArrayList<>();
  private double sum;
  private long count;

  private record Pending(long step, NDArray loss) {}

  PendingLosses(long seed) {
    this.seed = seed;
  }

  /** Takes the loss of a step, counted from 1, and closes it later. */
  void add(long step, NDArray loss) {
    pending.add(new Pending(step, loss));
  }

  /** Returns how many are unread. */
  int size() {
    return pending.size();
  }

  /**
   * Reads all of them.
   *
   * @throws DivergedException if one is not finite; names the first such step
   */
  void read() {
    for (Pending each : pending) {
      float loss = each.loss.getFloat();
      each.loss.close();
      if (!Float.isFinite(loss)) {
        throw new DivergedException(
            ("the loss of step %d is %s (seed %d); the last checkpoint is from before it: lower"
                    + " training.learningRate.base or set training.clip, then resume")
                .formatted(each.step, loss, seed));
      }
      sum += loss;
      count++;
    }
    pending.clear();
  }

  /** Returns the mean of what was read since the last call, in the losses' unit. */
  double takeMean() {
    double mean = sum / count;
    sum = 0;
    count = 0;
    return mean;
  }

  /** Returns what {@link #takeMean} will average so far. */
  Partial partial() {
    return new Partial(sum, count);
  }

  /** Goes on from there. */
  void restore(Partial partial) {
    sum = partial.sum;
    count = partial.count;
  }

  /** A mean not yet finished. */
  record Partial(double sum, long count) {}
}
