// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The errors of a section or a list, by the keys in it. */
final class ConfigErrors {
  private final Map<String, List<InvalidConfigException>> errors = new LinkedHashMap<>();
  private final Map<String, SectionErrors> sections = new LinkedHashMap<>();

  /** Runs an action of a key and keeps its errors, each once. */
  void in(String key, Runnable action) {
    try {
      action.run();
    } catch (InvalidConfigException e) {
      add(key, e);
    } catch (SectionErrors e) {
      e.errors().forEach(each -> add(key, each));
      if (e.mended() != null) {
        sections.put(key, e);
      }
    }
  }

  private void add(String key, InvalidConfigException error) {
    List<InvalidConfigException> ofKey = errors.computeIfAbsent(key, unused -> new ArrayList<>());
    if (ofKey.stream().noneMatch(each -> each.getMessage().equals(error.getMessage()))) {
      ofKey.add(error);
    }
  }

  Set<String> keys() {
    return Set.copyOf(errors.keySet());
  }

  /** Returns the errors of a key's section, if it could be made with defaults in their place. */
  Optional<SectionErrors> section(String key) {
    return Optional.ofNullable(sections.get(key));
  }

  /**
   * Does nothing without errors.
   *
   * @param keys in the order of the file; errors of others come after those of these
   * @param mended the section with defaults in place of wrong values; null where it cannot be made
   * @param wrong the names of the wrong values
   * @throws SectionErrors all errors
   */
  void check(Collection<String> keys, Object mended, Set<String> wrong) {
    List<InvalidConfigException> inOrder = new ArrayList<>();
    Stream.concat(keys.stream(), errors.keySet().stream())
        .distinct()
        .filter(errors::containsKey)
        .forEach(key -> inOrder.addAll(errors.get(key)));
    if (!inOrder.isEmpty()) {
      throw new SectionErrors(inOrder, mended, wrong);
    }
  }
}
