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
import java.util.regex.Pattern;
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
    Object section = errors.isEmpty() ? constructed(values, given, key, errors) : null;
    if (!errors.isEmpty()) {
      checkOthers(values, given, key, known, errors);
    }
    errors.check(given.nodes().keySet());
    return section;
  }

  /** Gives keys that are left out the values of those from which they are derived. */
  private void derive(Map<String, Object> values, Node.Keys given) {
    Conventions.derived(type)
        .forEach(
            (name, source) -> {
              if (!given.nodes().containsKey(name) && values.containsKey(source)) {
                values.put(name, values.get(source));
              }
            });
  }

  /** Returns the record of these values; null, and an error, where its constructor refuses them. */
  private Object constructed(
      Map<String, Object> values, Node.Keys given, ConfigKey key, ConfigErrors errors) {
    try {
      return construct(type, values);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      Optional<String> name = named(given, message);
      errors.in(name.orElse(""), () -> refuse(given, key, name, message));
      return null;
    }
  }

  /**
   * Adds the errors of further values: those that the constructor refuses where each wrong one has
   * its default. An error that names several keys may be one of these defaults, so it is left out.
   */
  private void checkOthers(
      Map<String, Object> values,
      Node.Keys given,
      ConfigKey key,
      Map<String, Object> known,
      ConfigErrors errors) {
    Map<String, Object> mended = new LinkedHashMap<>(values);
    names().stream()
        .filter(name -> errors.has(name) || !values.containsKey(name))
        .forEach(name -> mended.put(name, known.get(name)));
    Optional<String> refused = known.isEmpty() ? Optional.empty() : Optional.of("");
    while (refused.isPresent()) {
      derive(mended, given);
      refused = refused(mended, given, key, errors);
      refused.ifPresent(name -> mended.put(name, known.get(name)));
    }
  }

  /**
   * Returns the only key that the constructor's error names, if it is a given one without error.
   */
  private Optional<String> refused(
      Map<String, Object> values, Node.Keys given, ConfigKey key, ConfigErrors errors) {
    try {
      Object unused = construct(type, values);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      List<String> mentioned = names().stream().filter(each -> mentions(message, each)).toList();
      Optional<String> only =
          mentioned.stream()
              .filter(name -> mentioned.size() == 1)
              .filter(name -> given.nodes().containsKey(name) && !errors.has(name))
              .findFirst();
      only.ifPresent(name -> errors.in(name, () -> refuse(given, key, only, message)));
      return only;
    }
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
  private static Node.Keys keys(Node node, ConfigKey key) {
    if (node instanceof Node.Empty) {
      return new Node.Keys(Map.of(), node.location());
    }
    if (node instanceof Node.Keys keys) {
      return keys;
    }
    String reason = "must be a section with keys, but is " + node.description();
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

  /** Returns the first given key that a message of the constructor names. */
  private Optional<String> named(Node.Keys given, String message) {
    return names().stream()
        .filter(name -> given.nodes().containsKey(name) && mentions(message, name))
        .min((a, b) -> Integer.compare(message.indexOf(a), message.indexOf(b)));
  }

  /** Throws the error of the constructor, at the given key that it names or at the section. */
  private static void refuse(
      Node.Keys given, ConfigKey key, Optional<String> name, String message) {
    String reason = OneLine.of(message);
    throw name.map(
            each -> given.nodes().get(each).location().invalid(key.child(each).path(), reason))
        .orElseGet(() -> given.location().invalid(key.path(), reason));
  }

  private static boolean mentions(String message, String name) {
    return Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(message).find();
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
