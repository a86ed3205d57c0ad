// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The errors of a section, at most one a key. Those after the first are suppressed in the first.
 */
final class ConfigErrors {
  private final Map<String, InvalidConfigException> errors = new LinkedHashMap<>();

  /** Runs an action of a key and keeps its error, unless the key has one. */
  void in(String key, Runnable action) {
    try {
      action.run();
    } catch (InvalidConfigException e) {
      errors.putIfAbsent(key, e);
    }
  }

  boolean has(String key) {
    return errors.containsKey(key);
  }

  boolean isEmpty() {
    return errors.isEmpty();
  }

  /**
   * Does nothing without errors.
   *
   * @param keys in the order of the file; errors of others come after those of these
   * @throws InvalidConfigException the first error, with the others
   */
  void check(Collection<String> keys) {
    List<InvalidConfigException> inOrder = new ArrayList<>();
    Stream.concat(keys.stream(), errors.keySet().stream())
        .distinct()
        .filter(errors::containsKey)
        .forEach(key -> inOrder.add(errors.get(key)));
    if (!inOrder.isEmpty()) {
      InvalidConfigException first = inOrder.get(0);
      inOrder.subList(1, inOrder.size()).forEach(first::addSuppressed);
      throw first;
    }
  }
}
