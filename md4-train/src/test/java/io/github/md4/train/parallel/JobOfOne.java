// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.Device;
import java.io.IOException;

/** A job of one process, which makes all calls that a job of several makes. */
public final class JobOfOne {
  private JobOfOne() {}

  /** Returns its communicator, with the optimizer's state in shards: one. */
  public static Communicator sharded(Device device) throws IOException {
    ParallelConfig whole = ParallelConfig.defaults();
    return Jobs.ofOne(device, new ParallelConfig(true, whole.gradients(), 1, 1));
  }
}
