// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.NearestName;
import java.lang.reflect.RecordComponent;
import java.util.Optional;
import java.util.stream.Stream;

/** The hint for an unknown key. */
final class KeyHint {
  private KeyHint() {}

  /**
   * Returns the complaint that {@code name} is not a key of {@code section}, whose key is {@code
   * at}, with the nearest key.
   */
  static String unknown(SectionType section, ConfigKey at, String name) {
    Optional<String> near =
        NearestName.of(section.names(), name).map(sibling -> at.child(sibling).path());
    return near.or(() -> elsewhere(at, name))
        .map(meant -> "is not a key; did you mean '" + meant + "'?")
        .orElseGet(() -> "is not a key; the keys here are " + String.join(", ", section.names()));
  }

  /**
   * Returns the first key of the whole config that has this name but stands in another section; not
   * the same key of another kind.
   */
  private static Optional<String> elsewhere(ConfigKey at, String name) {
    return paths(at.root(), new ConfigKey(at.root(), ""))
        .filter(path -> !path.equals(at.child(name).path()))
        .filter(
            path ->
                NearestName.normal(path.substring(path.lastIndexOf('.') + 1))
                    .equals(NearestName.normal(name)))
        .findFirst();
  }

  private static Stream<String> paths(SectionType section, ConfigKey at) {
    return section.components().stream().flatMap(component -> paths(component, at));
  }

  private static Stream<String> paths(RecordComponent component, ConfigKey at) {
    ConfigKey key = at.child(component.getName());
    Stream<String> inner =
        ConfigType.of(component.getGenericType()).sections().stream()
            .flatMap(section -> paths(section, key));
    return Stream.concat(Stream.of(key.path()), inner);
  }
}
