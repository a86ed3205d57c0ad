// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.util.ArrayList;
import java.util.List;

/** The errors of a section. Those after the first are suppressed exceptions of the first. */
final class ConfigErrors {
  private final List<InvalidConfigException> errors = new ArrayList<>();

  /** Runs an action and keeps its error. */
  void in(Runnable action) {
    try {
      action.run();
    } catch (InvalidConfigException e) {
      errors.add(e);
    }
  }

  /**
   * Does nothing without errors.
   *
   * @throws InvalidConfigException the first error, with the others
   */
  void check() {
    if (!errors.isEmpty()) {
      InvalidConfigException first = errors.get(0);
      errors.subList(1, errors.size()).forEach(first::addSuppressed);
      throw first;
    }
  }
}
