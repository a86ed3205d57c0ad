// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

/**
 * The memory of a training's phases, from trials with fewer examples: what a phase has beside the
 * known parts is a line through a trial with one example and one with more.
 */
final class MemoryScale {
  private final long known;
  private final double ofOne;
  private double ofExample;
  private double most;

  /**
   * @param known the bytes that do not depend on the examples
   * @param peakOfOne the most bytes in use in a trial with one example
   */
  MemoryScale(long known, long peakOfOne) {
    this.known = known;
    this.ofOne = Math.max(0, peakOfOne - known);
  }

  /**
   * Adds a phase; the first is the steps.
   *
   * @param peak the most bytes in use in its trial
   * @param tried the examples at once in its trial
   * @param examples those of the run
   */
  void add(long peak, int tried, int examples) {
    double all = Math.max(0.0, (double) (peak - known));
    if (tried == examples) {
      most = Math.max(most, all);
    }
    double each = tried == 1 ? all : Math.max(0, all - ofOne) / (tried - 1);
    if (ofExample == 0) {
      ofExample = each;
    }
    if (tried < examples) {
      most = Math.max(most, all + each * (examples - tried));
    }
  }

  /** Returns the bytes of the phase that takes most, beside the known parts. */
  long most() {
    return (long) most;
  }

  /** Returns the bytes of an example of a step. */
  long ofExample() {
    return (long) ofExample;
  }
}
