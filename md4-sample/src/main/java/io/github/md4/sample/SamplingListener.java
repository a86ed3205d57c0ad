// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** Who is told what a sampler does, on the sampler's own thread. */
@FunctionalInterface
public interface SamplingListener {

  /**
   * The network has answered.
   *
   * @param done calls of it so far, from 1 on
   * @param planned calls in all, known from the start; where the method depends on the answers, an
   *     estimate that {@code done} never passes
   */
  void called(int done, int planned);

  /** A position has changed; those of one call come before its {@link #called}. */
  default void changed(TokenEvent event) {}

  /** A sequence has no masks left; sequences need not finish in the order of their indices. */
  default void finished(Sample sample) {}

  /** Returns the one who does not care. */
  static SamplingListener none() {
    return (done, planned) -> {};
  }
}
