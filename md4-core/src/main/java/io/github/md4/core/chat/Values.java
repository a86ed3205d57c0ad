// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Python's rules for the values of a template: null (None), {@link Undefined}, Boolean, Long,
 * Double, String, List and Map.
 */
final class Values {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private Values() {}

  static boolean isTrue(Object value) {
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    } else if (value instanceof Boolean truth) {
      return truth;
    } else if (value instanceof String || value instanceof List || value instanceof Map) {
      return length(value) > 0;
    }
    return value != null && value != Undefined.VALUE;
  }

  /**
   * Returns what a value is printed as.
   *
   * @throws IllegalArgumentException if it is a list or an object, whose form is Python's own
   */
  static String text(Object value) {
    if (value == Undefined.VALUE) {
      return "";
    } else if (value == null) {
      return "None";
    } else if (value instanceof Boolean truth) {
      return truth ? "True" : "False";
    } else if (value instanceof List || value instanceof Map) {
      throw new IllegalArgumentException(
          "the template prints a list or an object; only tojson can");
    }
    return value.toString();
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    } else if (value instanceof List<?> list) {
      return list.size();
    } else if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    throw unfit("length", value);
  }

  static IllegalArgumentException unfit(String operation, Object value) {
    return new IllegalArgumentException(
        "the template asks for %s of %s".formatted(operation, kind(value)));
  }

  static String kind(Object value) {
    if (value == Undefined.VALUE) {
      return "what is not defined";
    } else if (value == null) {
      return "none";
    } else if (value instanceof String) {
      return "a text";
    } else if (value instanceof List) {
      return "a list";
    }
    return value instanceof Map ? "an object" : "a number";
  }

  static boolean areEqual(Object a, Object b) {
    return (a instanceof Number first && b instanceof Number second)
        ? first.doubleValue() == second.doubleValue()
        : Objects.equals(a, b);
  }

  /**
   * @throws IllegalArgumentException if the values have no order
   */
  static int compare(Object a, Object b) {
    if (a instanceof Number first && b instanceof Number second) {
      return Double.compare(first.doubleValue(), second.doubleValue());
    } else if (a instanceof String first && b instanceof String second) {
      return first.compareTo(second);
    }
    throw unfit("an order", a instanceof Number || a instanceof String ? b : a);
  }

  static boolean isIn(Object part, Object whole) {
    if (whole instanceof String text && part instanceof String other) {
      return text.contains(other);
    } else if (whole instanceof List<?> list) {
      return list.stream().anyMatch(each -> areEqual(part, each));
    } else if (whole instanceof Map<?, ?> map) {
      return map.containsKey(part);
    }
    throw unfit("a part", whole);
  }

  /** Returns the elements of a loop: of a list, the keys of an object, the characters of a text. */
  static List<Object> elements(Object value) {
    if (value == Undefined.VALUE) {
      return new ArrayList<>();
    } else if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    } else if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    } else if (value instanceof String text) {
      return text.codePoints()
          .mapToObj(Character::toString)
          .collect(Collectors.toCollection(ArrayList::new));
    }
    throw unfit("the elements", value);
  }

  /**
   * Returns an attribute or an element, {@link Undefined} where there is none.
   *
   * @throws IllegalArgumentException if the value itself is not defined
   */
  static Object member(Object value, Object key) {
    if (value == Undefined.VALUE) {
      throw unfit("'" + key + "'", value);
    } else if (value instanceof Map<?, ?> map) {
      return map.containsKey(key) ? map.get(key) : Undefined.VALUE;
    } else if (key instanceof Long index && (value instanceof List || value instanceof String)) {
      List<Object> all = elements(value);
      long place = index < 0 ? index + all.size() : index;
      return place >= 0 && place < all.size() ? all.get((int) place) : Undefined.VALUE;
    }
    return Undefined.VALUE;
  }

  /** Returns a slice as Python takes it; null is an end that is left out. */
  static Object slice(Object value, Object first, Object end, Object step) {
    List<Object> all = elements(value);
    long stride = step == null ? 1 : whole(step);
    if (stride == 0) {
      throw new IllegalArgumentException("the step of a slice must not be 0");
    }
    int size = all.size();
    boolean isForward = stride > 0;
    long from = place(first, size, isForward ? 0 : size - 1, isForward);
    long to = place(end, size, isForward ? size : -1, isForward);
    List<Object> taken = new ArrayList<>();
    for (long i = from; isForward ? i < to : i > to; i += stride) {
      taken.add(all.get((int) i));
    }
    return value instanceof String
        ? taken.stream().map(Object::toString).collect(Collectors.joining())
        : taken;
  }

  private static long place(Object given, int size, long otherwise, boolean isForward) {
    if (given == null) {
      return otherwise;
    }
    long place = whole(given);
    place = place < 0 ? place + size : place;
    return isForward ? Math.max(0, Math.min(place, size)) : Math.max(-1, Math.min(place, size - 1));
  }

  static long whole(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw unfit("a whole number", value);
  }

  static Object reversed(Object value) {
    List<Object> all = elements(value);
    Collections.reverse(all);
    return value instanceof String
        ? all.stream().map(Object::toString).collect(Collectors.joining())
        : all;
  }

  /** Returns JSON as Python's json.dumps writes it: with blanks after commas and colons. */
  static String json(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(each -> json(each.getKey().toString()) + ": " + json(each.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    } else if (value instanceof List<?> list) {
      return list.stream().map(Values::json).collect(Collectors.joining(", ", "[", "]"));
    } else if (value == Undefined.VALUE) {
      throw unfit("JSON", value);
    }
    return value instanceof String text ? GSON.toJson(new JsonPrimitive(text)) : GSON.toJson(value);
  }
}
