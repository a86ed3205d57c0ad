// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program as the shell sees it. */
final class ProcessTest {

  /** Logs at each level as DJL and as this project. */
  static final class Chatter {
    public static void main(String[] args) {
      for (String name : new String[] {"ai.djl.util.Platform", "io.github.md4.train.Trainer"}) {
        Logger logger = LoggerFactory.getLogger(name);
        logger.info("an info");
        logger.warn("a warning");
        logger.error("an error");
      }
    }
  }

  @Test
  void main_exitsWithTheCode() throws Exception {
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of("MD4_STACKTRACE", "0"), "nonsense")) {
      assertThat(child.line()).isNull();
      assertThat(child.err()).matches("md4: Unmatched argument [^\n]*\n");
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  @Test
  void stacktrace_isAskedByTheEnvironment() throws Exception {
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of("MD4_STACKTRACE", "1"), "nonsense")) {
      assertThat(child.err()).startsWith("md4: Unmatched argument ").contains("\n\tat ");
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  @Test
  void logs_goToStderrWithoutDjlsWarnings() throws Exception {
    try (ChildJvm child = ChildJvm.start(Chatter.class, Map.of())) {
      assertThat(child.line()).isNull();
      assertThat(child.err())
          .isEqualTo(
              """
              md4: ERROR Platform: an error
              md4: WARN Trainer: a warning
              md4: ERROR Trainer: an error
              """);
      assertThat(child.exitCode()).isZero();
    }
  }
}
