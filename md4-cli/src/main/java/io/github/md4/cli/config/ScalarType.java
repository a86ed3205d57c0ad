// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.md4.core.NearestName;
import java.io.IOException;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A single value.
 *
 * @param reader parses the text of the file; the message of its IllegalArgumentException is the
 *     error
 * @param writer writes the value
 */
record ScalarType(Function<String, Object> reader, Writer writer) implements ConfigType {

  /** The writer of a value as a YAML scalar. */
  interface Writer {
    void write(Object value, JsonGenerator yaml) throws IOException;
  }

  private static final Writer STRING = (value, yaml) -> writeText(value.toString(), yaml);
  private static final Map<Class<?>, ScalarType> PLAIN =
      Map.of(
          boolean.class,
          new ScalarType(Scalars::toBoolean, (value, yaml) -> yaml.writeBoolean((boolean) value)),
          int.class,
          new ScalarType(Scalars::toInt, (value, yaml) -> yaml.writeNumber((int) value)),
          long.class,
          new ScalarType(Scalars::toLong, (value, yaml) -> yaml.writeNumber((long) value)),
          double.class,
          new ScalarType(
              Scalars::toDouble, (value, yaml) -> yaml.writeNumber(Scalars.toText((double) value))),
          String.class,
          new ScalarType(text -> text, STRING),
          Path.class,
          new ScalarType(Path::of, STRING));

  /** Returns the config type of a Java type; empty if it is not a scalar. */
  static Optional<ScalarType> of(Class<?> type) {
    Optional<ScalarType> parsed =
        Conventions.parser(type).map(parser -> new ScalarType(parser, STRING));
    if (parsed.isEmpty() && type.isEnum()) {
      return Optional.of(ofEnum(type));
    }
    // A list's elements are Double where a component is double.
    Class<?> primitive = MethodType.methodType(type).unwrap().returnType();
    return parsed.or(() -> Optional.ofNullable(PLAIN.get(primitive)));
  }

  private static ScalarType ofEnum(Class<?> type) {
    return new ScalarType(
        text -> constant(type, text), (value, yaml) -> writeText(name(value), yaml));
  }

  static String name(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Object constant(Class<?> type, String text) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> name(constant).equals(text))
        .findFirst()
        .orElseThrow(() -> noConstant(type, text));
  }

  private static IllegalArgumentException noConstant(Class<?> type, String text) {
    List<String> names = Arrays.stream(type.getEnumConstants()).map(ScalarType::name).toList();
    return new IllegalArgumentException(
        "must be one of %s, but is '%s'%s"
            .formatted(String.join(", ", names), text, NearestName.hint(names, text)));
  }

  /**
   * Writes a text without quotes where every YAML reader takes it for a string, and in quotes
   * otherwise.
   */
  private static void writeText(String text, JsonGenerator yaml) throws IOException {
    if (Scalars.isPlain(text)) {
      yaml.writeNumber(text);
    } else {
      yaml.writeString(text);
    }
  }

  @Override
  public Object read(Node node, ConfigKey key, Object fallback) {
    if (node instanceof Node.Empty) {
      throw node.location().invalid(key.path(), "has no value; give one, or leave the key out");
    }
    if (!(node instanceof Node.Text text)) {
      String reason = "must be a single value, but is " + node.description();
      throw node.location().invalid(key.path(), reason);
    }
    try {
      return reader.apply(text.text());
    } catch (IllegalArgumentException e) {
      throw node.location().invalid(key.path(), OneLine.of(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public void write(Object value, JsonGenerator yaml) throws IOException {
    writer.write(value, yaml);
  }

  @Override
  public Optional<Object> absent(ConfigKey key, Location section) {
    return Optional.empty();
  }
}
