// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.text;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Decimals;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text form of methods and truncations: a name and arguments in parentheses, {@code
 * top-p(0.9)}.
 *
 * @param arguments without blanks around them; none where there are no parentheses
 */
public record Call(String name, List<String> arguments) {
  private static final Pattern FORM = Pattern.compile("([\\w.-]+)(?:\\((.*)\\))?");

  /**
   * @throws IllegalArgumentException if the text has not this form
   */
  public static Call parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    require(form.matches(), "must be a name, or NAME(ARGUMENT, ...)", text);
    String inside = form.group(2) == null ? "" : form.group(2).strip();
    List<String> arguments = inside.isEmpty() ? List.of() : List.of(inside.split("\\s*,\\s*", -1));
    return new Call(form.group(1), arguments);
  }

  /** Returns the text of a call. */
  public static String text(String name, Object... arguments) {
    List<String> texts = Arrays.stream(arguments).map(String::valueOf).toList();
    return texts.isEmpty() ? name : name + "(" + String.join(", ", texts) + ")";
  }

  /** Returns this call, with other arguments where it has none. */
  public Call orElse(String... standard) {
    return arguments.isEmpty() ? new Call(name, List.of(standard)) : this;
  }

  /** Checks the number of arguments, named in the message. */
  public void checkArguments(String... names) {
    require(
        arguments.size() == names.length,
        "%s must be written %s".formatted(name, text(name, (Object[]) names)),
        text(name, arguments.toArray()));
  }

  /** Returns an argument. */
  public String argument(int index) {
    return arguments.get(index);
  }

  /**
   * @throws IllegalArgumentException if the argument is no whole number
   */
  public int whole(int index) {
    try {
      return Integer.parseInt(argument(index));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s takes a whole number: %s".formatted(name, argument(index)), e);
    }
  }

  /**
   * @throws IllegalArgumentException if the argument is no number
   */
  public double number(int index) {
    try {
      return Decimals.parse(argument(index));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s takes a number: %s".formatted(name, argument(index)), e);
    }
  }
}
