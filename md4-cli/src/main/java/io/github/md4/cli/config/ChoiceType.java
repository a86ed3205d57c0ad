// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.md4.core.NearestName;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A choice between several records, told apart by a key of their section. */
record ChoiceType(Map<String, Class<?>> kinds) implements ConfigType {
  private static final String KIND = "kind";

  @Override
  public Object read(Node node, ConfigKey key, Object fallback) {
    Node given = node instanceof Node.Keys keys ? keys.without(KIND) : node;
    Class<?> type =
        named(node, key).orElseGet(() -> fallback == null ? first() : fallback.getClass());
    checkMistyped(given, key, SectionType.of(type));
    return SectionType.of(type).read(given, key, type.isInstance(fallback) ? fallback : null);
  }

  /** Refuses a mistyped kind by itself: the other keys then are those of another record. */
  private static void checkMistyped(Node given, ConfigKey key, SectionType section) {
    if (!(given instanceof Node.Keys keys)) {
      return;
    }
    List<String> known = section.names();
    List<String> all = Stream.concat(Stream.of(KIND), known.stream()).toList();
    keys.nodes()
        .forEach(
            (name, value) -> {
              if (!known.contains(name)
                  && NearestName.of(all, name).filter(KIND::equals).isPresent()) {
                String reason = "is not a key; did you mean '" + key.child(KIND).path() + "'?";
                throw value.location().invalid(key.child(name).path(), reason);
              }
            });
  }

  private Class<?> first() {
    return kinds.values().iterator().next();
  }

  private Optional<Class<?>> named(Node node, ConfigKey key) {
    if (!(node instanceof Node.Keys keys) || !keys.nodes().containsKey(KIND)) {
      return Optional.empty();
    }
    Node kind = keys.nodes().get(KIND);
    if (kind instanceof Node.Text text && kinds.containsKey(text.text())) {
      return Optional.of(kinds.get(text.text()));
    }
    String names = String.join(", ", kinds.keySet());
    String hint =
        kind instanceof Node.Text text ? NearestName.hint(kinds.keySet(), text.text()) : "";
    String reason = "must be one of " + names + ", but is " + kind.description() + hint;
    throw kind.location().invalid(key.child(KIND).path(), reason);
  }

  @Override
  public void write(Object value, JsonGenerator yaml) throws IOException {
    String name =
        kinds.entrySet().stream()
            .filter(kind -> kind.getValue().isInstance(value))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow();
    yaml.writeStartObject();
    yaml.writeFieldName(KIND);
    ScalarType.of(String.class).orElseThrow().write(name, yaml);
    SectionType.of(value.getClass()).writeKeys(value, yaml);
    yaml.writeEndObject();
  }

  @Override
  public Optional<Object> absent(ConfigKey key, Location section) {
    return SectionType.of(first()).absent(key, section);
  }

  @Override
  public List<SectionType> sections() {
    return kinds.values().stream().map(SectionType::of).toList();
  }
}
