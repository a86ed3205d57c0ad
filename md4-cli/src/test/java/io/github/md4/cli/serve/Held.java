// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.concurrent.CountDownLatch;

/** A network whose calls wait until the test lets them go, and that knows nothing. */
final class Held implements Denoiser {
  private final CountDownLatch called = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    called.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Slow.knowingNothing(zt, rows);
  }

  void awaitCall() throws InterruptedException {
    called.await();
  }

  void release() {
    released.countDown();
  }
}
