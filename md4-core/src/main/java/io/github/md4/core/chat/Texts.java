// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Operations on texts as Python defines them. */
final class Texts {
  private static final Pattern ESCAPE =
      Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", Pattern.DOTALL);

  private Texts() {}

  static boolean isBlank(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  static String strip(String text) {
    return strip(text, Texts::isBlank, true, true);
  }

  static String stripEnd(String text) {
    return strip(text, Texts::isBlank, false, true);
  }

  /** Returns a text without the characters that a test holds for at its ends. */
  static String strip(String text, IntPredicate isDropped, boolean atStart, boolean atEnd) {
    int first = 0;
    int end = text.length();
    while (atStart && first < end && isDropped.test(text.charAt(first))) {
      first++;
    }
    while (atEnd && end > first && isDropped.test(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(first, end);
  }

  /** Returns the text of a literal with its quotes. */
  static String unescaped(String literal) {
    Matcher escapes = ESCAPE.matcher(literal.substring(1, literal.length() - 1));
    return escapes.replaceAll(
        escape -> {
          String code = escape.group(1) != null ? escape.group(1) : escape.group(2);
          String text =
              code != null
                  ? Character.toString(Integer.parseInt(code, 16))
                  : escaped(escape.group(3).charAt(0));
          return Matcher.quoteReplacement(text);
        });
  }

  private static String escaped(char c) {
    return switch (c) {
      case 'n' -> "\n";
      case 't' -> "\t";
      case 'r' -> "\r";
      case '\\', '\'', '"' -> String.valueOf(c);
      case '\n' -> "";
      default -> "\\" + c;
    };
  }

  /**
   * Returns the parts of a text between separators, all of them.
   *
   * @throws IllegalArgumentException if the separator is empty
   */
  static List<Object> split(String text, String separator) {
    if (separator.isEmpty()) {
      throw new IllegalArgumentException("split needs a separator that is not empty");
    }
    List<Object> parts = new ArrayList<>();
    int first = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, first)) {
      parts.add(text.substring(first, at));
      first = at + separator.length();
    }
    parts.add(text.substring(first));
    return parts;
  }

  /** Returns the words of a text between white space. */
  static List<Object> words(String text) {
    List<Object> words = new ArrayList<>();
    int first = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || isBlank(text.charAt(i))) {
        if (i > first) {
          words.add(text.substring(first, i));
        }
        first = i + 1;
      }
    }
    return words;
  }
}
