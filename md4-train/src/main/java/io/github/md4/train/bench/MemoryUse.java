// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

/**
 * The memory in use while training, read at the ends of measurements.
 *
 * <p>On a GPU it is all memory in use, also by other processes. The engine keeps memory that it has
 * once taken, so that it holds the peak of a step after the step. Without a GPU it is the heap of
 * Java, which does not contain the engine's arrays.
 *
 * @param kind the memory of the device, or the heap of Java
 * @param peakBytes the highest reading in bytes
 * @param steadyBytes the last reading in bytes
 */
public record MemoryUse(Kind kind, long peakBytes, long steadyBytes) {

  /** The kind of memory. */
  public enum Kind {
    /** The memory of a GPU. */
    DEVICE,
    /** The heap of Java. */
    HEAP
  }
}
