// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.md4.core.Decimals;
import io.github.md4.core.NearestName;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * The fields of a request's JSON object. One that is null counts as absent. A wrong type or value
 * is a {@link Refusal}; so is, at the end, a field that nobody has asked for.
 */
final class Fields {
  private static final int DEEPEST = 8;
  private static final int LONGEST_NUMBER = 40;

  private static final Pattern LIMIT_NAME = Pattern.compile(", from `[^`]*`\\)");
  private static final Pattern JAVA_TAIL = Pattern.compile("(:| \\()[^:(`]*`.*");

  /** How Jackson tells of a character that cannot be where it is. */
  private static final Pattern CHARACTER =
      Pattern.compile("Unexpected character \\(('.') \\(code \\d+[^)]*\\)\\)");

  private static final JsonMapper READER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxNumberLength(LONGEST_NUMBER)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private final JsonNode json;
  private final Set<String> known = new LinkedHashSet<>();

  private Fields(JsonNode json) {
    this.json = json;
  }

  /**
   * Returns the fields of an object.
   *
   * @param body its JSON in UTF-8
   */
  static Fields read(byte[] body) {
    try {
      JsonNode json = READER.readTree(body);
      if (json == null || !json.isObject()) {
        throw Refusal.wrong("the body must be a JSON object");
      }
      return new Fields(json);
    } catch (JsonProcessingException e) {
      throw Refusal.wrong("the body is no JSON: " + reason(e) + at(e));
    } catch (IOException e) {
      throw Refusal.wrong("the body is no JSON in UTF-8");
    }
  }

  private static String reason(JsonProcessingException e) {
    if (e instanceof JsonEOFException) {
      return "it ends before all of its texts, arrays and objects do";
    }
    Matcher character = CHARACTER.matcher(e.getOriginalMessage());
    return character.lookingAt()
        ? character.group(1) + " must not stand there"
        : firstLine(e.getOriginalMessage());
  }

  /** Returns what is wrong, without the names in Java that follow. */
  private static String firstLine(String message) {
    String line = message.lines().findFirst().orElse("");
    return JAVA_TAIL.matcher(LIMIT_NAME.matcher(line).replaceAll(")")).replaceAll("");
  }

  private static String at(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : " (line %d, column %d)"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  /** Returns the value of a field, or JSON's null where it is absent. */
  JsonNode value(String name) {
    boolean unused = known.add(name);
    return json.path(name).isMissingNode() ? JsonNodeFactory.instance.nullNode() : json.path(name);
  }

  /** Returns a text, or nothing where the field is absent. */
  Optional<String> text(String name) {
    JsonNode value = value(name);
    if (value.isNull()) {
      return Optional.empty();
    }
    check(value.isTextual(), name, "a text", value);
    return Optional.of(value.textValue());
  }

  /** Returns a whole number in [least, most], or nothing where the field is absent. */
  OptionalInt count(String name, int least, int most) {
    JsonNode value = value(name);
    if (value.isNull()) {
      return OptionalInt.empty();
    }
    boolean isInside =
        value.isIntegralNumber()
            && value.canConvertToInt()
            && value.intValue() >= least
            && value.intValue() <= most;
    check(isInside, name, "a whole number in [%d, %d]".formatted(least, most), value);
    return OptionalInt.of(value.intValue());
  }

  /** Returns a whole number of 64 bits, or nothing where the field is absent. */
  OptionalLong whole(String name) {
    JsonNode value = value(name);
    if (value.isNull()) {
      return OptionalLong.empty();
    }
    boolean isLong = value.isIntegralNumber() && value.canConvertToLong();
    check(isLong, name, "a whole number of 64 bits", value);
    return OptionalLong.of(value.longValue());
  }

  /**
   * Returns a number in [least, most], or nothing where the field is absent.
   *
   * @param least the least number; {@link Double#MIN_VALUE} is told as any number above 0
   */
  OptionalDouble number(String name, double least, double most) {
    JsonNode value = value(name);
    if (value.isNull()) {
      return OptionalDouble.empty();
    }
    double number = value.isNumber() ? number(value) : Double.NaN;
    String from = least == Double.MIN_VALUE ? "(0.0" : "[" + least;
    check(
        number >= least && number <= most,
        name,
        "a number in %s, %s]".formatted(from, most),
        value);
    return OptionalDouble.of(number);
  }

  /** Returns a number, or NaN where 64 bits do not hold it. */
  private static double number(JsonNode value) {
    try {
      return Decimals.of(value.decimalValue());
    } catch (ArithmeticException e) {
      return Double.NaN;
    }
  }

  /** Returns a truth value; false where the field is absent. */
  boolean flag(String name) {
    JsonNode value = value(name);
    check(value.isNull() || value.isBoolean(), name, "true or false", value);
    return value.booleanValue();
  }

  /** Returns the fields of an object in a field, none where it is absent. */
  Fields inner(String name) {
    JsonNode value = value(name);
    check(value.isNull() || value.isObject(), name, "an object", value);
    return new Fields(value);
  }

  /** Accepts a field whatever its value, which changes nothing. */
  void ignore(String name) {
    JsonNode unused = value(name);
  }

  /** Refuses a field of other APIs, unless its value is the one that changes nothing. */
  void unsupported(String name, String neutral) {
    JsonNode value = value(name);
    if (!value.isNull() && !value.toString().equals(neutral)) {
      throw Refusal.wrong(name, "%s is not supported; leave it out".formatted(name));
    }
  }

  /** Refuses fields that nobody has asked for. */
  void checkNoOthers() {
    Optional<String> other =
        StreamSupport.stream(((Iterable<String>) json::fieldNames).spliterator(), false)
            .filter(name -> !known.contains(name))
            .findFirst();
    if (other.isPresent()) {
      String shown = shortened(other.get());
      String meant =
          NearestName.of(known, shown)
              .map(name -> "; did you mean " + name + "?")
              .orElse("; the fields are " + String.join(", ", known));
      throw Refusal.wrong(shown, "unknown field: " + shown + meant);
    }
  }

  private static void check(boolean holds, String name, String wanted, JsonNode given) {
    if (!holds) {
      throw Refusal.wrong(
          name, "%s must be %s: %s".formatted(name, wanted, shortened(given.toString())));
    }
  }

  private static String shortened(String text) {
    int most = 60;
    return text.length() <= most ? text : text.substring(0, most) + "...";
  }
}
