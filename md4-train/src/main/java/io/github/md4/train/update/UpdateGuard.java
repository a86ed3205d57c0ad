// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.update;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.SpikeKernels;
import io.github.md4.train.optimizer.SpikeGuard;
import io.github.md4.train.optimizer.SpikeGuard.Bounds;
import java.util.Optional;

/** Looks at each update before it is made, as a {@link SpikeGuard} wants; nothing is waited for. */
sealed interface UpdateGuard extends AutoCloseable {

  /**
   * The guard's view of an update.
   *
   * @param numbers as {@link UpdateNumbers} reads them
   * @param good on the device, its first element 0 where the update must not be made; empty where
   *     it is in any case
   */
  record Seen(NDArray numbers, Optional<NDArray> good) {}

  /**
   * Looks at an update.
   *
   * @param loss the mean loss of the update, nats per token, float32, one element
   * @param gradients the gradients of the whole step before clipping
   */
  Seen see(NDManager scope, NDArray loss, FlatArrays gradients);

  /** Returns what it knows of the updates so far, empty where it keeps nothing. */
  double[] statistics();

  @Override
  void close();

  /** Takes over what an earlier one knew; one that knew nothing leaves this at its start. */
  void restore(double... before);

  /** Returns the watch of a guard, at its start. */
  static UpdateGuard of(NDManager parent, SpikeGuard guard, OptimizerKernels norms) {
    return guard
        .bounds()
        .<UpdateGuard>map(bounds -> new Watching(parent, bounds, norms))
        .orElseGet(Blind::new);
  }

  /** Sees nothing but the loss. */
  record Blind() implements UpdateGuard {
    @Override
    public Seen see(NDManager scope, NDArray loss, FlatArrays gradients) {
      return new Seen(loss, Optional.empty());
    }

    @Override
    public double[] statistics() {
      return new double[0];
    }

    @Override
    public void restore(double... before) {}

    @Override
    public void close() {}
  }

  /** Keeps running statistics on the device. */
  final class Watching implements UpdateGuard {
    private final Bounds bounds;
    private final OptimizerKernels norms;
    private final SpikeKernels kernels;
    private NDArray statistics;

    private Watching(NDManager parent, Bounds bounds, OptimizerKernels norms) {
      this.bounds = bounds;
      this.norms = norms;
      this.kernels = new SpikeKernels(parent);
      this.statistics = parent.create(new double[SpikeKernels.STATISTICS]);
    }

    @Override
    public void restore(double... before) {
      if (before.length == SpikeKernels.STATISTICS) {
        try (NDArray old = statistics) {
          statistics = old.getManager().create(before);
        }
      }
    }

    @Override
    public Seen see(NDManager scope, NDArray loss, FlatArrays gradients) {
      SpikeKernels.Update update = new SpikeKernels.Update(loss, norms.norm(scope, gradients));
      NDArray verdict =
          kernels.decide(scope, statistics, update, bounds.deviations(), bounds.memory());
      return new Seen(verdict, Optional.of(verdict));
    }

    @Override
    public double[] statistics() {
      return statistics.toDoubleArray();
    }

    @Override
    public void close() {
      statistics.close();
      kernels.close();
    }
  }
}
