// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

/**
 * The memory of a training's phases, from trials with fewer examples: what a phase has beside the
 * known parts is proportional to its examples.
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
   * @param peak the most bytes in use in its trial
   * @param tried the examples at once in its trial
   * @param examples those of the run
   */
  void add(long peak, int tried, int examples) {
    double each = Math.max(0.0, peak - known) / tried;
    if (most == 0) {
      ofExample = each;
    }
    most = Math.max(most, each * examples);
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
