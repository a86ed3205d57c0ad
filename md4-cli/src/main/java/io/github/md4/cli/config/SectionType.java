// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.md4.core.ConfigGroup;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A section: a record, whose components and those of its {@link ConfigGroup}s are the keys. */
record SectionType(Class<?> type) implements ConfigType {

  /**
   * Returns the section of a record.
   *
   * @throws IllegalArgumentException if {@code type} is not a record
   */
  static SectionType of(Class<?> type) {
    if (!type.isRecord()) {
      throw new IllegalArgumentException(
          "a config cannot hold a " + type.getName() + ": no record, no parse(String)");
    }
    return new SectionType(type);
  }

  @Override
  public List<SectionType> sections() {
    return List.of(this);
  }

  /** Returns the record's components, and those of its groups in their place. */
  List<RecordComponent> components() {
    return components(type).toList();
  }

  private static Stream<RecordComponent> components(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .flatMap(each -> isGroup(each) ? components(each.getType()) : Stream.of(each));
  }

  private static boolean isGroup(RecordComponent component) {
    return ConfigGroup.class.isAssignableFrom(component.getType());
  }

  List<String> names() {
    return components().stream().map(RecordComponent::getName).toList();
  }

  @Override
  public Object read(Node node, ConfigKey key, Object fallback) {
    Node.Keys given = keys(node, key);
    Object base = fallback == null ? Conventions.defaults(type).orElse(null) : fallback;
    Map<String, Object> known = new LinkedHashMap<>();
    addValues(type, base, known);
    ConfigErrors errors = new ConfigErrors();
    Map<String, Object> values = readGiven(given, key, known, errors);
    derive(values, given);
    for (RecordComponent component : components()) {
      String name = component.getName();
      if (!values.containsKey(name) && !given.nodes().containsKey(name)) {
        errors.in(name, () -> values.put(name, absent(component, given.location(), key, known)));
      }
    }
    return new SectionConstruction(this, given, key, known, errors).construct(values);
  }

  /** Gives keys that are left out the values of those from which they are derived. */
  void derive(Map<String, Object> values, Node.Keys given) {
    Conventions.derived(type)
        .forEach(
            (name, source) -> {
              if (!given.nodes().containsKey(name) && values.containsKey(source)) {
                values.put(name, values.get(source));
              }
            });
  }

  /** Adds the values of a record's components by name, unless the record is null. */
  static void addValues(Class<?> type, Object instance, Map<String, Object> values) {
    for (RecordComponent each :
        instance == null ? new RecordComponent[0] : type.getRecordComponents()) {
      Object value = Conventions.get(each, instance);
      if (isGroup(each)) {
        addValues(each.getType(), value, values);
      } else {
        values.put(each.getName(), value);
      }
    }
  }

  /**
   * Returns the record of these values.
   *
   * @throws IllegalArgumentException if its constructor refuses them
   */
  Object construct(Map<String, Object> values) {
    return construct(type, values);
  }

  private static Object construct(Class<?> type, Map<String, Object> values) {
    Object[] arguments =
        Arrays.stream(type.getRecordComponents())
            .map(
                each ->
                    isGroup(each) ? construct(each.getType(), values) : values.get(each.getName()))
            .toArray();
    return Conventions.construct(type, arguments);
  }

  /** Returns the keys of {@code node}; none where the section is empty. */
  private Node.Keys keys(Node node, ConfigKey key) {
    if (node instanceof Node.Empty) {
      return new Node.Keys(Map.of(), node.location());
    }
    if (node instanceof Node.Keys keys) {
      return keys;
    }
    String reason =
        "must be a section with keys, but is %s; its keys are %s"
            .formatted(node.description(), String.join(", ", names()));
    throw node.location().invalid(key.path(), reason);
  }

  /** Reads the given keys in the order of the file, and collects their errors. */
  private Map<String, Object> readGiven(
      Node.Keys given, ConfigKey key, Map<String, Object> known, ConfigErrors errors) {
    Map<String, Object> values = new LinkedHashMap<>();
    given
        .nodes()
        .forEach(
            (name, node) ->
                errors.in(
                    name,
                    () -> {
                      RecordComponent component = component(name, node.location(), key);
                      Object fallback = known.get(name);
                      ConfigType type = ConfigType.of(component.getGenericType());
                      values.put(name, type.read(node, key.child(name), fallback));
                    }));
    return values;
  }

  private RecordComponent component(String name, Location location, ConfigKey key) {
    return components(type)
        .filter(component -> component.getName().equals(name))
        .findFirst()
        .orElseThrow(
            () -> location.invalid(key.child(name).path(), KeyHint.unknown(this, key, name)));
  }

  private static Object absent(
      RecordComponent component, Location section, ConfigKey key, Map<String, Object> known) {
    ConfigKey child = key.child(component.getName());
    return Optional.ofNullable(known.get(component.getName()))
        .or(() -> ConfigType.of(component.getGenericType()).absent(child, section))
        .orElseThrow(() -> section.invalid(child.path(), "is missing, and has no default"));
  }

  @Override
  public void write(Object value, JsonGenerator yaml) throws IOException {
    yaml.writeStartObject();
    writeKeys(value, yaml);
    yaml.writeEndObject();
  }

  void writeKeys(Object value, JsonGenerator yaml) throws IOException {
    Map<String, Object> values = new LinkedHashMap<>();
    addValues(type, value, values);
    for (RecordComponent component : components()) {
      yaml.writeFieldName(component.getName());
      ConfigType type = ConfigType.of(component.getGenericType());
      type.write(values.get(component.getName()), yaml);
    }
  }

  /** Returns the defaults. The error names the first key that has none. */
  @Override
  public Optional<Object> absent(ConfigKey key, Location section) {
    return Optional.of(read(new Node.Empty(section), key, null));
  }
}
