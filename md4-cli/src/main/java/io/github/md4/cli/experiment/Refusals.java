// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.experiment;

/** The refusals of checks that do not depend on one another. */
final class Refusals {
  private IllegalArgumentException first;

  /** Runs a check and keeps its IllegalArgumentException. */
  void add(Runnable check) {
    try {
      check.run();
    } catch (IllegalArgumentException e) {
      if (first == null) {
        first = e;
      } else {
        first.addSuppressed(e);
      }
    }
  }

  /**
   * Does nothing where nothing was refused.
   *
   * @throws IllegalArgumentException the first refusal, with the others suppressed in it
   */
  void check() {
    if (first != null) {
      throw first;
    }
  }
}
