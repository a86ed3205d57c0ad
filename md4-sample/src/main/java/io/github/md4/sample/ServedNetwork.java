// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.Device;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.network.SameInBatch;

/**
 * A network as the thread of a model calls it. On a CPU the engine adds up a product in another
 * order where other rows or threads share it. So that a sequence gets the same bit for bit whatever
 * else is in its call, small networks that are the same in a batch are called by a thread that
 * computes alone, which is faster for them too, and all others for one sequence after another by
 * all threads of the engine.
 *
 * @param denoiser what is called, always the same object
 * @param computesAlone whether the calling thread shares no operation with other threads
 */
record ServedNetwork(Denoiser denoiser, boolean computesAlone) {
  /** The positions of a sequence times the width's square from which on threads pay. */
  private static final long SHARED_WORK = 1 << 22;

  /** The length for which a network is taken that has none. */
  private static final int USUAL_LENGTH = 256;

  /**
   * Returns the network of a folder.
   *
   * @param length that of its sequences
   */
  static ServedNetwork ofFolder(Denoiser denoiser, int length, Device device) {
    return device.isGpu() || isSmall(denoiser, length)
        ? new ServedNetwork(denoiser, !device.isGpu())
        : new ServedNetwork(new SequenceBySequence(denoiser), false);
  }

  /**
   * Returns a network of a program; one that is not of this library is called as it is, and what it
   * answers is checked.
   *
   * @param length that of its sequences
   * @param vocabularySize V, the tokenizer's tokens
   */
  static ServedNetwork ofProgram(Denoiser denoiser, int length, int vocabularySize) {
    if (isSmall(denoiser, length)) {
      return new ServedNetwork(denoiser, true);
    }
    boolean isOwn = SameInBatch.widthOf(denoiser).isPresent();
    return new ServedNetwork(
        isOwn ? new SequenceBySequence(denoiser) : new ProgramDenoiser(denoiser, vocabularySize),
        false);
  }

  private static boolean isSmall(Denoiser denoiser, int length) {
    long positions = length == ModelContent.ANY_LENGTH ? USUAL_LENGTH : length;
    return SameInBatch.widthOf(denoiser).stream()
        .anyMatch(width -> positions * width * width < SHARED_WORK);
  }
}
