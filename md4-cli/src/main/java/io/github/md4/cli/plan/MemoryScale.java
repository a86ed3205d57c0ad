// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

/**
 * The memory of a training's phases, from trials with fewer examples: the memory of a phase is a
 * line through a trial with one example and one with more.
 */
final class MemoryScale {
  private final long known;
  private double ofExample;
  private double most;

  /**
   * @param known the bytes that do not depend on the examples
   */
  MemoryScale(long known) {
    this.known = known;
  }

  /**
   * Adds a phase; the first is the steps.
   *
   * @param peakOfOne the most bytes in use in a trial with one example
   * @param peak the most bytes in use in one with more
   * @param tried the examples at once of that
   * @param examples those of the run
   */
  void add(long peakOfOne, long peak, int tried, int examples) {
    double each = tried == 1 ? peak - known : (double) (peak - peakOfOne) / (tried - 1);
    each = Math.max(0, each);
    if (most == 0) {
      ofExample = each;
    }
    most = Math.max(most, peak + each * (examples - tried));
  }

  /** Returns the bytes of the phase that takes most. */
  long most() {
    return (long) most;
  }

  /** Returns the bytes of an example of a step. */
  long ofExample() {
    return (long) ofExample;
  }
}
