// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static io.github.md4.core.Checks.require;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

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
   * Makes the calling thread one that computes and never differentiates: the engine does not record
   * what it computes.
   */
  public static void computeOnly() {
    JniUtils.setGradMode(false);
  }
}
