// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

/** A listener to a sampler, called on the thread that asked for the samples, which wait for it. */
@FunctionalInterface
public interface SamplingListener {

  /**
   * Hears of a call of the network, after its draws were taken.
   *
   * @param done the number of calls so far, from 1 on
   * @param planned the number of all calls, known before the first; where it depends on the draws,
   *     an upper bound; where {@link #readsPlanned} does not hold, it says nothing
   */
  void called(int done, int planned);

  /**
   * {@return whether {@link #called} reads the number of all calls, which is computed for it before
   * the first; true unless overridden}
   */
  default boolean readsPlanned() {
    return true;
  }

  /**
   * Hears of a changed position; those of one call come before its {@link #called}.
   *
   * @param event the sequence, the position, its token and the time
   */
  default void changed(TokenEvent event) {}

  /**
   * Hears of a sequence without masks; sequences may finish in any order.
   *
   * @param sample the finished sample, with all its tokens
   */
  default void finished(Sample sample) {}

  /** {@return a listener that does nothing; all of them are equal} */
  static SamplingListener none() {
    return new Nothing();
  }

  /** The listener that does nothing. */
  record Nothing() implements SamplingListener {
    @Override
    public void called(int done, int planned) {}

    @Override
    public boolean readsPlanned() {
      return false;
    }
  }
}
