// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * Decides on the device whether an update is made, from its loss and its gradient's norm and the
 * running mean and variance of their logarithms: nobody waits for the answer.
 */
public final class SpikeKernels implements AutoCloseable {
  /** Numbers of the statistics: a count, two means, two variances. */
  public static final int STATISTICS = 5;

  private static final String SOURCE =
      TorchScript.resource(SpikeKernels.class, "spike.torchscript");

  private final TorchScript script;

  public SpikeKernels(NDManager parent) {
    this.script = TorchScript.load(parent, Map.of(), SOURCE);
  }

  /**
   * Judges an update; where it is good, the statistics take it in.
   *
   * @param statistics float64 [5], of as many updates as their first element says
   * @param seen loss and norm, float32, one element each
   * @param deviations how many times the spread is far
   * @param memory updates after which the statistics begin to forget, and to judge
   * @return float32 [3]: 1 where the update is good and 0 where not, loss, norm
   */
  public NDArray judge(
      NDManager scope, NDArray statistics, Seen seen, double deviations, int memory) {
    return script
        .run(scope, "judge", statistics, seen.loss, seen.norm, deviations, memory)
        .singletonOrThrow();
  }

  /** What an update is judged by. */
  public record Seen(NDArray loss, NDArray norm) {}

  @Override
  public void close() {
    script.close();
  }
}
