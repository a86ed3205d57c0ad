// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.screen.JdkLog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program as the shell sees it. */
final class ProcessTest {
  @TempDir private Path folder;

  /** Logs at each level as DJL and as this project. */
  static final class Chatter {
    public static void main(String[] args) {
      JdkLog.asLines();
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
      assertThat(child.err()).matches("md4: there is no command 'nonsense'[^\n]*\n");
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  /** Java alone loses what is not in the locale; the bytes are still there. */
  @Test
  void main_readsItsArgumentsInUtf8InAnyLocale() throws Exception {
    Map<String, String> plain = Map.of("LC_ALL", "C", "MD4_STACKTRACE", "0");
    try (ChildJvm child = ChildJvm.start(Main.class, plain, "gr\u00fc\u00dfe")) {
      assertThat(child.err()).contains("'gr\u00fc\u00dfe'");
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  @Test
  void main_tellsOfNamesThatItCannotRead() throws Exception {
    String[] words = {"train", "--config", "gr\u00fc\u00dfe.yaml"};
    Map<String, String> plain = Map.of("LC_ALL", "C", "MD4_STACKTRACE", "0");
    try (ChildJvm child = ChildJvm.start(Main.class, plain, words)) {
      assertThat(child.err())
          .contains("gr\u00fc\u00dfe.yaml is no name of a file where the locale is ")
          .contains("start bin/md4, or set LC_ALL=C.UTF-8")
          .hasLineCount(1);
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  /** As {@code md4 help | head} does: the reader goes, and nobody complains. */
  @Test
  void main_endsInSilenceWhenNobodyReadsOn() throws Exception {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    String[] words =
        ("sample --device cpu --count 1000000000 --steps 2 --json --model " + model).split(" ");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words)) {
      assertThat(child.line()).startsWith("{");
      child.closeOut();
      assertThat(child.err()).isEmpty();
      assertThat(child.exitCode()).isEqualTo(141);
    }
  }

  /** libtorch's own lines go past this Java's stderr. */
  @Test
  void images_areSampledWithoutAWordOfLibtorch() throws Exception {
    Path model = TinyImages.write(folder.resolve("model"), Optional.empty());
    String words = "sample-images --device cpu --steps 2 --out %s --model %s";
    String[] command = words.formatted(folder.resolve("out.bin"), model).split(" ");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), command)) {
      assertThat(child.err()).isEmpty();
      assertThat(child.exitCode()).isZero();
    }
  }

  /** What picocli prints ends so too. */
  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "help", "train --help"})
  void helpThatNobodyReads_endsInSilence(String words) throws Exception {
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words.split(" "))) {
      child.closeOut();
      assertThat(child.err()).isEmpty();
      assertThat(child.exitCode()).isEqualTo(141);
    }
  }

  @Test
  void arguments_areTheLastWordsOfTheCommandLine() {
    byte[] line = "java\0-jar\0a b\0tr\u00e4in\0\0".getBytes(StandardCharsets.UTF_8);
    assertThat(Arguments.decoded(line, "tr??in", "")).containsExactly("tr\u00e4in", "");
    assertThat(Arguments.decoded(new byte[0], "a", "b")).containsExactly("a", "b");
  }

  @Test
  void stacktrace_isAskedByTheEnvironment() throws Exception {
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of("MD4_STACKTRACE", "1"), "nonsense")) {
      assertThat(child.err()).startsWith("md4: there is no command ").contains("\n\tat ");
      assertThat(child.exitCode()).isEqualTo(2);
    }
  }

  @Test
  void next_isNotToldToScriptsThatGoOnByThemselves() throws Exception {
    String[] words = "data text --vocabulary bytes --from".split(" ");
    Path text = Files.writeString(folder.resolve("text"), "one two three four five six seven\n");
    for (String next : List.of("", "1")) {
      List<String> all = new ArrayList<>(List.of(words));
      all.addAll(List.of(text.toString(), "--out", folder.resolve("data" + next).toString()));
      Map<String, String> environment = Map.of("MD4_NO_NEXT", next);
      try (ChildJvm child = ChildJvm.start(Main.class, environment, all.toArray(String[]::new))) {
        assertThat(child.err().contains("next: ")).isEqualTo(next.isEmpty());
        assertThat(child.exitCode()).isZero();
      }
    }
  }

  @Test
  void logs_goToStderrWithoutDjlsWarnings() throws Exception {
    try (ChildJvm child = ChildJvm.start(Chatter.class, Map.of())) {
      assertThat(child.line()).isNull();
      assertThat(child.err())
          .isEqualTo(
              """
              md4: Platform: an error
              md4: an info
              md4: Trainer: a warning
              md4: Trainer: an error
              """);
      assertThat(child.exitCode()).isZero();
    }
  }

  /** A program that logs as md4-core does while kernels are compiled. */
  static final class Compiling {
    private Compiling() {}

    public static void main(String... words) {
      JdkLog.asLines();
      System.getLogger("io.github.md4.kernels").log(System.Logger.Level.INFO, "compiling, once");
    }
  }

  @Test
  void jdkLogs_areLinesOfStderr() throws Exception {
    try (ChildJvm child = ChildJvm.start(Compiling.class, Map.of())) {
      assertThat(child.line()).isNull();
      assertThat(child.err()).isEqualTo("md4: compiling, once\n");
      assertThat(child.exitCode()).isZero();
    }
  }
}
