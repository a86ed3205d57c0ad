// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.Decimals;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The texts of single values in YAML. Underscores may separate the digits of a number. */
final class Scalars {
  private static final Pattern INTEGER = Pattern.compile("[-+]?(0|[1-9][0-9_]*)");
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?([0-9][0-9_]*\\.?[0-9_]*|\\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?");

  private static final Pattern PLAIN =
      Pattern.compile("[A-Za-z/]([-A-Za-z0-9/_.,+() ]*[-A-Za-z0-9/_.+()])?");
  private static final Set<String> YAML_WORDS =
      Set.of("y", "n", "yes", "no", "on", "off", "true", "false", "null");

  private Scalars() {}

  static boolean toBoolean(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw mustBe("true or false", text);
    };
  }

  static int toInt(String text) {
    long value = toLong(text);
    if (value != (int) value) {
      throw mustBe("an integer within 32 bits", text);
    }
    return (int) value;
  }

  static long toLong(String text) {
    if (!INTEGER.matcher(text).matches()) {
      throw mustBe("an integer", text);
    }
    try {
      return Long.parseLong(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw mustBe("an integer within 64 bits", text);
    }
  }

  /** Returns a finite number, or one of YAML's {@code .inf}, {@code -.inf} and {@code .nan}. */
  static double toDouble(String text) {
    return switch (text) {
      case ".inf" -> Double.POSITIVE_INFINITY;
      case "-.inf" -> Double.NEGATIVE_INFINITY;
      case ".nan" -> Double.NaN;
      default -> toFinite(text);
    };
  }

  private static double toFinite(String text) {
    if (!DECIMAL.matcher(text).matches()) {
      throw mustBe("a number", text);
    }
    try {
      return Decimals.parse(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw mustBe("a number within 64 bits", text);
    }
  }

  /**
   * Returns the shortest text of {@code value}. With a point and a signed exponent, {@code 1.0e-4}:
   * without them YAML 1.1, which other tools read, takes it for a string.
   */
  static String toText(double value) {
    if (Double.isNaN(value)) {
      return ".nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? ".inf" : "-.inf";
    }
    return Double.toString(value).replace("E-", "e-").replace("E", "e+");
  }

  /** Returns whether {@code text} needs no quotes, in YAML 1.1 either. */
  static boolean isPlain(String text) {
    return PLAIN.matcher(text).matches() && !YAML_WORDS.contains(text.toLowerCase(Locale.ROOT));
  }

  private static IllegalArgumentException mustBe(String what, String text) {
    return new IllegalArgumentException("must be " + what + ", but is '" + text + "'");
  }
}
