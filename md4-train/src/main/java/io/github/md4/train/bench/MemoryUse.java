// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

/**
 * Memory in use while training, read where measurements end and never between.
 *
 * <p>A GPU's is all that is in use on it, of other processes too. The engine keeps what it once
 * took, so what it holds after a step is the most that the step needed. Without a GPU it is the
 * JVM's heap, which the engine's arrays are not part of.
 *
 * @param peakBytes the most that was read
 * @param steadyBytes what was read last
 */
public record MemoryUse(Kind kind, long peakBytes, long steadyBytes) {

  /** Whose memory it is. */
  public enum Kind {
    DEVICE,
    HEAP
  }
}
