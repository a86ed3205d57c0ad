// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/** Who is told how far a sampler has come. */
@FunctionalInterface
public interface SamplingListener {

  /**
   * The network has answered.
   *
   * @param done calls of it so far, from 1 on
   * @param planned calls in all, known from the start
   */
  void called(int done, int planned);

  /** Returns the one who does not care. */
  static SamplingListener none() {
    return (done, planned) -> {};
  }
}
