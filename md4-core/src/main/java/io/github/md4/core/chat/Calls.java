// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import io.github.md4.core.chat.Expression.Callable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The functions, filters, tests and methods that templates can call; others are refused by name.
 */
final class Calls {
  private static final long LONGEST_RANGE = 100_000;

  private static final Map<String, Callable> FUNCTIONS =
      Map.of(
          "raise_exception",
          (values, named) -> {
            throw new IllegalArgumentException("the template says: " + text(values, 0));
          },
          "namespace",
          (values, named) -> new LinkedHashMap<>(named),
          "range",
          (values, named) -> range(values));

  private static final Map<String, Callable> FILTERS =
      Map.ofEntries(
          Map.entry("trim", (values, named) -> Texts.strip(Values.text(values.get(0)))),
          Map.entry(
              "upper", (values, named) -> Values.text(values.get(0)).toUpperCase(Locale.ROOT)),
          Map.entry(
              "lower", (values, named) -> Values.text(values.get(0)).toLowerCase(Locale.ROOT)),
          Map.entry("string", (values, named) -> Values.text(values.get(0))),
          Map.entry("safe", (values, named) -> values.get(0)),
          Map.entry("length", (values, named) -> Values.length(values.get(0))),
          Map.entry("count", (values, named) -> Values.length(values.get(0))),
          Map.entry("first", (values, named) -> Values.member(list(values), 0L)),
          Map.entry("last", (values, named) -> Values.member(list(values), -1L)),
          Map.entry("list", (values, named) -> list(values)),
          Map.entry("reverse", (values, named) -> Values.reversed(values.get(0))),
          Map.entry("items", (values, named) -> items(values.get(0))),
          Map.entry(
              "join",
              (values, named) -> join(list(values), values.size() > 1 ? text(values, 1) : "")),
          Map.entry(
              "replace",
              (values, named) -> text(values, 0).replace(text(values, 1), text(values, 2))),
          Map.entry("default", Calls::otherwise),
          Map.entry("d", Calls::otherwise),
          Map.entry("tojson", Calls::json));

  private static final Map<String, Callable> TESTS =
      Map.ofEntries(
          Map.entry("defined", (values, named) -> values.get(0) != Undefined.VALUE),
          Map.entry("undefined", (values, named) -> values.get(0) == Undefined.VALUE),
          Map.entry("none", (values, named) -> values.get(0) == null),
          Map.entry("string", (values, named) -> values.get(0) instanceof String),
          Map.entry("number", (values, named) -> values.get(0) instanceof Number),
          Map.entry("integer", (values, named) -> values.get(0) instanceof Long),
          Map.entry("boolean", (values, named) -> values.get(0) instanceof Boolean),
          Map.entry("true", (values, named) -> Boolean.TRUE.equals(values.get(0))),
          Map.entry("false", (values, named) -> Boolean.FALSE.equals(values.get(0))),
          Map.entry("mapping", (values, named) -> values.get(0) instanceof Map),
          Map.entry("sequence", (values, named) -> isIterable(values.get(0))),
          Map.entry("iterable", (values, named) -> isIterable(values.get(0))),
          Map.entry("odd", (values, named) -> Values.whole(values.get(0)) % 2 != 0),
          Map.entry("even", (values, named) -> Values.whole(values.get(0)) % 2 == 0),
          Map.entry("eq", (values, named) -> Values.areEqual(values.get(0), values.get(1))),
          Map.entry("equalto", (values, named) -> Values.areEqual(values.get(0), values.get(1))),
          Map.entry("in", (values, named) -> Values.isIn(values.get(0), values.get(1))));

  private static final Map<String, Callable> METHODS =
      Map.ofEntries(
          Map.entry("startswith", (values, named) -> text(values, 0).startsWith(text(values, 1))),
          Map.entry("endswith", (values, named) -> text(values, 0).endsWith(text(values, 1))),
          Map.entry("strip", (values, named) -> strip(values, true, true)),
          Map.entry("lstrip", (values, named) -> strip(values, true, false)),
          Map.entry("rstrip", (values, named) -> strip(values, false, true)),
          Map.entry("upper", (values, named) -> text(values, 0).toUpperCase(Locale.ROOT)),
          Map.entry("lower", (values, named) -> text(values, 0).toLowerCase(Locale.ROOT)),
          Map.entry(
              "replace",
              (values, named) -> text(values, 0).replace(text(values, 1), text(values, 2))),
          Map.entry("split", (values, named) -> split(values)),
          Map.entry("items", (values, named) -> items(values.get(0))),
          Map.entry("keys", (values, named) -> new ArrayList<Object>(map(values).keySet())),
          Map.entry("values", (values, named) -> new ArrayList<Object>(map(values).values())),
          Map.entry("get", (values, named) -> get(values)));

  private Calls() {}

  static Callable function(String name) {
    return named(FUNCTIONS, "function", name);
  }

  static Callable filter(String name) {
    return named(FILTERS, "filter", name);
  }

  static Callable test(String name) {
    return named(TESTS, "test", name);
  }

  static Callable method(String name) {
    return named(METHODS, "method", name);
  }

  private static Callable named(Map<String, Callable> all, String kind, String name) {
    Callable callable = all.get(name);
    if (callable == null) {
      throw new IllegalArgumentException(
          "the template uses the %s '%s', which is not understood here".formatted(kind, name));
    }
    return (values, named) -> {
      try {
        return callable.of(values, named);
      } catch (IndexOutOfBoundsException e) {
        throw new IllegalArgumentException("the %s '%s' lacks a value".formatted(kind, name), e);
      }
    };
  }

  private static String text(List<Object> values, int index) {
    if (values.get(index) instanceof String text) {
      return text;
    }
    throw Values.unfit("the text", values.get(index));
  }

  private static List<Object> list(List<Object> values) {
    return Values.elements(values.get(0));
  }

  private static Map<?, ?> map(List<Object> values) {
    if (values.get(0) instanceof Map<?, ?> map) {
      return map;
    }
    throw Values.unfit("the keys", values.get(0));
  }

  private static boolean isIterable(Object value) {
    return value instanceof List || value instanceof Map || value instanceof String;
  }

  private static List<Object> items(Object value) {
    List<Object> pairs = new ArrayList<>();
    map(List.of(value))
        .forEach(
            (key, each) -> {
              List<Object> pair = new ArrayList<>();
              pair.add(key);
              pair.add(each);
              pairs.add(pair);
            });
    return pairs;
  }

  private static Object get(List<Object> values) {
    Map<?, ?> map = map(values);
    Object otherwise = values.size() > 2 ? values.get(2) : null;
    return map.containsKey(values.get(1)) ? map.get(values.get(1)) : otherwise;
  }

  private static String join(List<Object> parts, String between) {
    return parts.stream().map(Values::text).collect(Collectors.joining(between));
  }

  private static String strip(List<Object> values, boolean atStart, boolean atEnd) {
    boolean isOwn = values.size() > 1;
    String dropped = isOwn ? text(values, 1) : "";
    return Texts.strip(
        text(values, 0), c -> isOwn ? dropped.indexOf(c) >= 0 : Texts.isBlank(c), atStart, atEnd);
  }

  private static List<Object> split(List<Object> values) {
    if (values.size() > 2) {
      throw new IllegalArgumentException("split with a number of parts is not understood here");
    }
    return values.size() == 1
        ? Texts.words(text(values, 0))
        : Texts.split(text(values, 0), text(values, 1));
  }

  private static Object otherwise(List<Object> values, Map<String, Object> named) {
    Object alsoFalse = values.size() > 2 ? values.get(2) : named.getOrDefault("boolean", false);
    Object value = values.get(0);
    boolean isMissing =
        value == Undefined.VALUE || (Values.isTrue(alsoFalse) && !Values.isTrue(value));
    return !isMissing ? value : values.size() > 1 ? values.get(1) : "";
  }

  private static String json(List<Object> values, Map<String, Object> named) {
    if (values.size() > 1 || !named.isEmpty()) {
      throw new IllegalArgumentException("tojson with options is not understood here");
    }
    return Values.json(values.get(0));
  }

  private static List<Object> range(List<Object> values) {
    long first = values.size() > 1 ? Values.whole(values.get(0)) : 0;
    long end = Values.whole(values.get(values.size() > 1 ? 1 : 0));
    if (values.size() > 2 || end - first > LONGEST_RANGE) {
      throw new IllegalArgumentException("a range has two ends, and they are not that far apart");
    }
    List<Object> numbers = new ArrayList<>();
    LongStream.range(first, end).forEach(numbers::add);
    return numbers;
  }
}
