// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * The decision on the device whether an update is made, from its loss, its gradient's norm, and the
 * running mean and variance of their logarithms. The host does not wait for it.
 */
public final class SpikeKernels implements AutoCloseable {
  /** The number of statistics: a count, two means, two variances. */
  public static final int STATISTICS = 5;

  private static final String SOURCE =
      TorchScript.resource(SpikeKernels.class, "spike.torchscript");

  private final TorchScript script;

  public SpikeKernels(NDManager parent) {
    this.script = TorchScript.load(parent, Map.of(), SOURCE);
  }

  /**
   * Decides on an update; the statistics include it where it is good.
   *
   * @param statistics float64 [5]; the first element is the number of included updates
   * @param update loss and norm, float32, one element each
   * @param deviations the multiple of the spread that counts as far
   * @param memory the number of updates after which the statistics start to fade and to reject
   * @return float32 [3]: 1 where the update is good and 0 where not, loss, norm
   */
  public NDArray decide(
      NDManager scope, NDArray statistics, Update update, double deviations, int memory) {
    return script
        .run(scope, "decide", statistics, update.loss, update.norm, deviations, memory)
        .singletonOrThrow();
  }

  /** The loss and the gradient norm of an update. */
  public record Update(NDArray loss, NDArray norm) {}

  @Override
  public void close() {
    script.close();
  }
}
