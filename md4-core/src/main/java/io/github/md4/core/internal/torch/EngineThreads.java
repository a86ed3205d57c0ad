// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static io.github.md4.core.Checks.require;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;

/**
 * The threads of the engine on the CPU. A sum that they share is rounded by how many they are, so
 * results repeat bit for bit under the same number only.
 */
public final class EngineThreads {
  private EngineThreads() {}

  /** Returns the number of threads that share one operation. */
  public static int count() {
    Engine unused = Engine.getInstance(); // which loads the library
    return JniUtils.getNumThreads();
  }

  /** Sets the number of threads that share one operation, at least 1. */
  public static void set(int count) {
    require(count >= 1, "threads must be at least 1", count);
    Engine unused = Engine.getInstance();
    JniUtils.setNumThreads(count);
  }

  /**
   * Lets the calling thread compute alone from now on: no other shares its operations, whose
   * results then depend neither on the number of cores nor, for an operation of rows, on the other
   * rows. Other threads keep their numbers.
   */
  public static synchronized void computeAlone() {
    int unused = count(); // at its first use by a thread the engine sets that thread's number
    int others = onNewThread(EngineThreads::count);
    set(1); // also of threads that use the engine for the first time from now on
    unused =
        onNewThread(
            () -> {
              set(others); // of those again
              return others;
            });
  }

  private static int onNewThread(IntSupplier work) {
    return CompletableFuture.supplyAsync(work::getAsInt, task -> new Thread(task).start()).join();
  }

  /**
   * Makes the calling thread one that computes and never differentiates: the engine does not record
   * what it computes.
   */
  public static void computeOnly() {
    JniUtils.setGradMode(false);
  }
}
