// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import java.util.OptionalLong;

/**
 * The end of a training whose loss or gradient is no longer finite, or has left all bounds; exit
 * code 5 of the command line.
 */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What diverged, at which step and seed. */
  private final String reason;

  /** What to change before the run goes on; null where the reason says all. */
  private final String advice; // null where the reason says all

  /**
   * Makes an exception whose reason says all.
   *
   * @param reason what diverged, at which step and seed, and what to do, without a full stop
   */
  public DivergedException(String reason) {
    super(reason);
    this.reason = reason;
    this.advice = null;
  }

  /**
   * Makes the exception of a training that says what to change.
   *
   * @param reason what diverged, at which step and seed
   * @param advice what to change before the run goes on
   */
  public DivergedException(String reason, String advice) {
    super(reason + "; " + advice + ", then resume");
    this.reason = reason;
    this.advice = advice;
  }

  /**
   * {@return the exception of a number that is not finite}
   *
   * @param what the number, as in "the loss of"
   * @param step the update's number, from 1
   * @param seed the seed of the run's config
   */
  public static DivergedException notFinite(String what, long step, long seed) {
    return new DivergedException(
        "%s step %,d: not finite (seed %d)".formatted(what, step, seed),
        "lower training.learningRate.base or set training.clip");
  }

  private DivergedException(DivergedException cause, String tail) {
    super(cause.reason + tail, cause);
    this.reason = cause.reason;
    this.advice = cause.advice;
  }

  /**
   * {@return the exception of a run, which says where it can go on}
   *
   * @param checkpoint the step of its last checkpoint; empty where it has none
   */
  public DivergedException after(OptionalLong checkpoint) {
    if (advice == null) {
      return this;
    }
    return checkpoint.isPresent()
        ? new DivergedException(
            this,
            "; the last checkpoint, step-%d, is from before it: %s, then resume"
                .formatted(checkpoint.getAsLong(), advice))
        : new DivergedException(
            this, "; no checkpoint was written before it: %s, then begin anew".formatted(advice));
  }
}
