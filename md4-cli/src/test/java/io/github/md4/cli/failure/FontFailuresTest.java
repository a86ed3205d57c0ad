// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.failure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Java 17 throws in a container without fontconfig, as seen in one. */
final class FontFailuresTest {

  @ParameterizedTest
  @ValueSource(strings = {"sun.font.FontManagerFactory", "sun.awt.FontConfiguration"})
  void failureOfFonts_isALineThatSaysWhatToInstall(String place) {
    Throwable cause = new NullPointerException("fontconfig");
    cause.setStackTrace(
        new StackTraceElement[] {new StackTraceElement(place, "init", "A.java", 1)});
    Throwable failure = new InternalError("java.lang.reflect.InvocationTargetException", cause);
    assertThat(FailureLine.of(failure))
        .startsWith("this Java cannot draw text, which plots need: install fontconfig");
  }

  @Test
  void anotherFailure_isNone() {
    assertThat(FontFailures.of(new InternalError("a"))).isEmpty();
  }
}
