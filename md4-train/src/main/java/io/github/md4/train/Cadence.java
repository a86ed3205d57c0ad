// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

/**
 * The steps between evaluations and checkpoints; 0 is at the end only.
 *
 * @param evaluateEvery the updates between evaluations; 0 is at the end only
 * @param checkpointEvery the updates between checkpoints; 0 is at the end only
 * @param keepLast the number of latest checkpoints that stay, at least 1
 * @param keepEvery checkpoints at its multiples stay too
 */
public record Cadence(long evaluateEvery, long checkpointEvery, int keepLast, long keepEvery) {

  /** {@return that of an evaluation and a checkpoint at the end alone} */
  public static Cadence atTheEnd() {
    return new Cadence(0, 0, 1, 0);
  }

  /**
   * {@return the same with an evaluation every so many steps}
   *
   * @param steps the number of updates from one to the next; 0 for the end alone
   */
  public Cadence evaluateEvery(long steps) {
    return new Cadence(steps, checkpointEvery, keepLast, keepEvery);
  }

  /**
   * {@return the same with a checkpoint every so many steps}
   *
   * @param steps the number of updates from one to the next; 0 for the end alone
   */
  public Cadence checkpointEvery(long steps) {
    return new Cadence(evaluateEvery, steps, keepLast, keepEvery);
  }

  /**
   * {@return the same where so many of the newest checkpoints stay}
   *
   * @param checkpoints the number of newest checkpoints that stay, at least 1
   */
  public Cadence keepLast(int checkpoints) {
    return new Cadence(evaluateEvery, checkpointEvery, checkpoints, keepEvery);
  }

  /**
   * {@return the same where the checkpoints at multiples of so many steps stay}
   *
   * @param steps the multiple; 0 where none stays
   */
  public Cadence keepEvery(long steps) {
    return new Cadence(evaluateEvery, checkpointEvery, keepLast, steps);
  }
}
