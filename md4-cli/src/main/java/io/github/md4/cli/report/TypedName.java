// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The name by which the program was started, for lines that say what to type next. */
public final class TypedName {
  /** Set by bin/md4. */
  private static final String PROPERTY = "md4.typed";

  /** Set to 1 by scripts that go on by themselves. */
  private static final String WITHOUT_NEXT = "MD4_NO_NEXT";

  private static final Pattern PLAIN = Pattern.compile("[\\p{L}\\w@%+=:,./-]+");

  private TypedName() {}

  /**
   * Returns a line that says what to type next, unless the environment says that nobody does.
   *
   * @param words the words behind the name, of which those are quoted that a shell would change
   */
  public static Optional<String> next(Object... words) {
    return "1".equals(System.getenv(WITHOUT_NEXT))
        ? Optional.empty()
        : Optional.of("next: " + line(Stream.of(words).map(Object::toString).toList()));
  }

  /** Returns the name and words behind it, as a shell takes them. */
  public static String line(List<String> words) {
    return Stream.concat(Stream.of(get()), words.stream())
        .map(TypedName::quoted)
        .collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /** Returns the name, such as {@code bin/md4}; {@code md4} where it is unknown. */
  public static String get() {
    return System.getProperty(PROPERTY, "md4");
  }
}
