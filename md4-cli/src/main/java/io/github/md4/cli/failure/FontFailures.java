// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import java.util.Optional;
import java.util.stream.Stream;

/** The failure of Java to draw text where a machine has no fonts, or no library for them. */
public final class FontFailures {
  /** The line that mends it. */
  public static final String REMEDY =
      "install fontconfig, fonts and harfbuzz, such as: apt-get install fontconfig fonts-dejavu-core"
          + " libharfbuzz0b";

  private FontFailures() {}

  /** Returns the line for a failure; empty where it is another. */
  public static Optional<String> of(Throwable failure) {
    boolean isOfFonts =
        Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
            .flatMap(cause -> Stream.of(cause.getStackTrace()))
            .map(StackTraceElement::getClassName)
            .anyMatch(name -> name.startsWith("sun.font.") || name.contains("FontConfiguration"));
    return isOfFonts
        ? Optional.of("this Java cannot draw text, which plots need: " + REMEDY)
        : Optional.empty();
  }
}
