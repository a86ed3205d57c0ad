// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

/**
 * The steps between evaluations and between checkpoints. Both also come at the end of a run.
 *
 * @param evaluateEvery the updates between evaluations; 0 is at the end only
 * @param checkpointEvery the updates between checkpoints; 0 is at the end only
 * @param keepLast the number of newest checkpoints that stay, at least 1
 * @param keepEvery checkpoints at multiples of so many steps stay too; 0 for none
 */
public record Cadence(long evaluateEvery, long checkpointEvery, int keepLast, long keepEvery) {
  /**
   * Checks the numbers.
   *
   * @param evaluateEvery the updates between evaluations; 0 is at the end only
   * @param checkpointEvery the updates between checkpoints; 0 is at the end only
   * @param keepLast the number of newest checkpoints that stay, at least 1
   * @param keepEvery checkpoints at multiples of so many steps stay too; 0 for none
   * @throws IllegalArgumentException if a distance is negative, or no checkpoint would stay
   */
  public Cadence {
    require(evaluateEvery >= 0, "evaluateEvery must be at least 0", evaluateEvery);
    require(checkpointEvery >= 0, "checkpointEvery must be at least 0", checkpointEvery);
    require(keepLast >= 1, "keepLast must be at least 1", keepLast);
    require(keepEvery >= 0, "keepEvery must be at least 0", keepEvery);
  }

  /** {@return the cadence of one evaluation and one checkpoint, at the end} */
  public static Cadence atTheEnd() {
    return new Cadence(0, 0, 1, 0);
  }

  /**
   * {@return the same with an evaluation every so many steps}
   *
   * @param steps the number of updates from one to the next; 0 for the end alone
   * @throws IllegalArgumentException if it is negative
   */
  public Cadence evaluateEvery(long steps) {
    return new Cadence(steps, checkpointEvery, keepLast, keepEvery);
  }

  /**
   * {@return the same with a checkpoint every so many steps}
   *
   * @param steps the number of updates from one to the next; 0 for the end alone
   * @throws IllegalArgumentException if it is negative
   */
  public Cadence checkpointEvery(long steps) {
    return new Cadence(evaluateEvery, steps, keepLast, keepEvery);
  }

  /**
   * {@return the same where so many of the newest checkpoints stay}
   *
   * @param checkpoints the number of newest checkpoints that stay, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public Cadence keepLast(int checkpoints) {
    return new Cadence(evaluateEvery, checkpointEvery, checkpoints, keepEvery);
  }

  /**
   * {@return the same where the checkpoints at multiples of so many steps stay}
   *
   * @param steps the multiple; 0 where none stays
   * @throws IllegalArgumentException if it is negative
   */
  public Cadence keepEvery(long steps) {
    return new Cadence(evaluateEvery, checkpointEvery, keepLast, steps);
  }
}
