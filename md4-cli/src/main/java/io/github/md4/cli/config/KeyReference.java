// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.NearestName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The reference of the keys of a config, from its records. Meanings and ranges are those of the
 * records' comments and checks; {@code keys.json} holds a copy, which a test compares with the
 * sources.
 */
public final class KeyReference {
  private static final JsonNode TEXTS = texts();
  private static final Pattern CHOICE = Pattern.compile("\\([^)]*\\)");
  private static final String OR = " or ";
  private static final String LIST = "list of ";
  private static final String PATH = "path";

  private KeyReference() {}

  /**
   * A key of a config.
   *
   * @param path dotted; a choice between records stands in parentheses, such as {@code
   *     model.network(unet).width}
   * @param type the form of its value, in words
   * @param standard the default in YAML; "required" without one
   * @param range the values that are allowed; may be empty
   * @param meaning one or more sentences
   */
  public record Key(String path, String type, String standard, String range, String meaning) {

    /** Returns the path without the choices between records, as {@code --set} takes it. */
    public String plainPath() {
      return CHOICE.matcher(path).replaceAll("");
    }

    /** Returns whether its value is a path, or a list of paths. */
    public boolean isPath() {
      return type.equals(PATH) || type.equals(LIST + PATH);
    }

    /** Returns the values, where the type names each of them. */
    public List<String> choices() {
      return type.contains(OR) && !type.startsWith(LIST) ? List.of(type.split(OR, -1)) : List.of();
    }

    /** Returns the form in which {@code --set} takes a value of this key. */
    public String override(String value) {
      return plainPath() + "=" + value;
    }
  }

  private static JsonNode texts() {
    try (InputStream in = KeyReference.class.getResourceAsStream("keys.json")) {
      return new JsonMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the keys of a config in order. */
  public static List<Key> of(Class<? extends Record> config) {
    List<Key> keys = new ArrayList<>();
    addSection(SectionType.of(config), "", null, keys);
    return keys;
  }

  /**
   * Returns the end of a message that names the key most likely meant by a mistyped one, whole or
   * by its last parts; empty where none is near.
   */
  public static String hint(List<Key> keys, String mistyped) {
    int parts = mistyped.split("\\.", -1).length;
    String last = mistyped.substring(mistyped.lastIndexOf('.') + 1);
    return nearest(keys, mistyped, parts)
        .or(() -> nearest(keys, last, 1))
        .map(path -> "; did you mean " + path + "?")
        .orElse("");
  }

  /** Returns the key whose last parts are nearest, each near by itself. */
  private static Optional<String> nearest(List<Key> keys, String mistyped, int parts) {
    Map<String, String> ends = new LinkedHashMap<>();
    for (Key key : keys) {
      List<String> names = List.of(key.plainPath().split("\\."));
      if (names.size() >= parts) {
        List<String> end = names.subList(names.size() - parts, names.size());
        if (areNear(end, List.of(mistyped.split("\\.", -1)))) {
          ends.putIfAbsent(String.join(".", end), key.plainPath());
        }
      }
    }
    return NearestName.of(ends.keySet(), mistyped).map(ends::get);
  }

  private static boolean areNear(List<String> names, List<String> mistyped) {
    return IntStream.range(0, names.size())
        .allMatch(i -> NearestName.of(List.of(names.get(i)), mistyped.get(i)).isPresent());
  }

  /** Returns the names of the records of a config. */
  public static List<String> records(Class<? extends Record> config) {
    Map<String, Boolean> names = new LinkedHashMap<>();
    addRecords(SectionType.of(config), names);
    return List.copyOf(names.keySet());
  }

  private static void addRecords(SectionType section, Map<String, Boolean> names) {
    names.put(section.type().getName(), true);
    for (RecordComponent component : section.components()) {
      names.put(component.getDeclaringRecord().getName(), true);
      ConfigType.of(component.getGenericType())
          .sections()
          .forEach(inner -> addRecords(inner, names));
    }
  }

  private static void addSection(SectionType section, String path, Object known, List<Key> keys) {
    Map<String, Object> values = values(section, known);
    Map<String, String> derived = Conventions.derived(section.type());
    for (RecordComponent component : section.components()) {
      String name = component.getName();
      String at = path.isEmpty() ? name : path + "." + name;
      ConfigType type = ConfigType.of(component.getGenericType());
      Object value = values.get(name);
      if (type instanceof ChoiceType choice) {
        keys.add(new Key(at + ".kind", words(choice), kind(choice, value), "", meaning(component)));
        choice
            .kinds()
            .forEach(
                (kind, record) ->
                    addSection(
                        SectionType.of(record),
                        at + "(" + kind + ")",
                        record.isInstance(value) ? value : null,
                        keys));
      } else if (type instanceof SectionType inner) {
        addSection(inner, at, value, keys);
      } else {
        String standard =
            derived.containsKey(name) ? "that of " + derived.get(name) : text(type, value);
        String words = words(component.getGenericType());
        keys.add(new Key(at, words, standard, range(component), meaning(component)));
      }
    }
  }

  /** Returns the values that the keys of a section have by default. */
  static Map<String, Object> values(SectionType section, Object known) {
    Map<String, Object> values = new LinkedHashMap<>();
    Object base = known == null ? Conventions.defaults(section.type()).orElse(null) : known;
    SectionType.addValues(section.type(), base, values);
    return values;
  }

  private static String kind(ChoiceType choice, Object value) {
    return choice.kinds().entrySet().stream()
        .filter(kind -> value == null || kind.getValue().isInstance(value))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse("required");
  }

  private static String words(ChoiceType choice) {
    return String.join(OR, choice.kinds().keySet());
  }

  private static String text(ConfigType type, Object value) {
    return value == null ? "required" : ConfigWriter.value(type, value);
  }

  private static String words(Type type) {
    if (ConfigType.of(type) instanceof ListType) {
      String element = type.getTypeName().replaceAll(".*<(.*)>", "$1");
      return LIST + words(loaded(element));
    }
    Class<?> plain = (Class<?>) type;
    if (plain == boolean.class) {
      return "true" + OR + "false";
    }
    if (plain == int.class || plain == long.class) {
      return "integer";
    }
    if (plain == double.class || plain == Double.class) {
      return "number";
    }
    if (plain == java.nio.file.Path.class) {
      return PATH;
    }
    return plain.isEnum() ? constants(plain) : "text";
  }

  private static Class<?> loaded(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("a config type is not on the class path: " + name, e);
    }
  }

  static String constants(Class<?> type) {
    boolean isParsed = Conventions.parser(type).isPresent();
    return Arrays.stream(type.getEnumConstants())
        .map(each -> isParsed ? each.toString() : ScalarType.name(each))
        .collect(Collectors.joining(OR));
  }

  static String meaning(RecordComponent component) {
    return text(component).map(text -> text.path("meaning").asText()).orElse("");
  }

  private static String range(RecordComponent component) {
    return text(component).map(text -> text.path("range").asText()).orElse("");
  }

  private static Optional<JsonNode> text(RecordComponent component) {
    String key = component.getDeclaringRecord().getName() + "." + component.getName();
    return Optional.ofNullable(TEXTS.get(key));
  }
}
