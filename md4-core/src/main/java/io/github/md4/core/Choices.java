// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The text form of closed choices in configs and options: an enumeration's names in lower case. */
public final class Choices {
  private Choices() {}

  /**
   * {@return the name of a choice in lower case, its underscores kept}
   *
   * @param choice the chosen constant
   */
  public static String name(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the choice whose {@code toString} is the text}
   *
   * @param <E> the type of the choices
   * @param values all constants, in the order in which a message names them
   * @param key the name of the choice in the message
   * @param text the text to be understood
   * @throws IllegalArgumentException if there is none; the message lists every choice, and names
   *     the nearest
   */
  public static <E> E parse(E[] values, String key, String text) {
    for (E value : values) {
      if (value.toString().equals(text)) {
        return value;
      }
    }
    List<String> names = Arrays.stream(values).map(Object::toString).collect(Collectors.toList());
    throw refusal(key, names, text);
  }

  /**
   * {@return the refusal of a text that is no choice, which lists every choice and names the
   * nearest}
   *
   * @param key the name of the choice in the message
   * @param names the choices, at least one
   * @param text the text that is none of them
   */
  public static IllegalArgumentException refusal(String key, List<String> names, String text) {
    String name = text.replaceFirst("\\(.*", "");
    String hint = names.contains(name) ? "" : NearestName.hint(names, name);
    return new IllegalArgumentException(
        "%s must be %s: %s%s".formatted(key, alternatives(names), text, hint));
  }

  /**
   * {@return names as {@code a}, {@code a or b}, or {@code a, b or c}}
   *
   * @param names the names, at least one
   */
  public static String alternatives(List<String> names) {
    int last = names.size() - 1;
    return last < 1
        ? String.join("", names)
        : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }
}
