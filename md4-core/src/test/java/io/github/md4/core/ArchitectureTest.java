// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may name whom, read off the text of all main sources: imports and qualified names alike. */
@Tag("exact")
final class ArchitectureTest {
  private static final Path SOURCES = Path.of("src", "main", "java");

  @Test
  void kernel_aloneNamesTheEngine() throws IOException {
    assertThat(packagesThatName("ai.djl.pytorch")).containsExactly("io.github.md4.core.kernel");
  }

  @ParameterizedTest
  @ValueSource(strings = {"schedule", "noise"})
  void arithmetic_namesNoTensorLibrary(String name) throws IOException {
    String arithmetic = "io.github.md4.core." + name;
    assertThat(packagesThatName("io.github.md4.core")).contains(arithmetic);
    assertThat(packagesThatName("ai.djl")).doesNotContain(arithmetic);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.fasterxml.jackson",
        "picocli",
        "org.slf4j",
        "ch.qos.logback",
        "java.util.logging",
        "io.github.md4.train",
        "io.github.md4.sample",
        "io.github.md4.cli"
      })
  void core_namesNoneOf(String library) throws IOException {
    assertThat(packagesThatName(library)).isEmpty();
  }

  @Test
  void core_printsNothing() throws IOException {
    assertThat(packagesThatName("System.out")).isEmpty();
    assertThat(packagesThatName("System.err")).isEmpty();
  }

  @Test
  void sources_startWithTheLicence() throws IOException {
    for (Path source : sources()) {
      assertThat(Files.readString(source))
          .as(source.toString())
          .startsWith("// SPDX-License-Identifier: Apache-2.0\n");
    }
  }

  private static Set<String> packagesThatName(String name) throws IOException {
    Pattern named = Pattern.compile("(?<![\\w.])" + Pattern.quote(name) + "\\b");
    Set<String> packages = new TreeSet<>();
    for (Path source : sources()) {
      if (named.matcher(Files.readString(source)).find()) {
        packages.add(SOURCES.relativize(source.getParent()).toString().replace('/', '.'));
      }
    }
    return packages;
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files.filter(f -> f.toString().endsWith(".java")).collect(Collectors.toList());
    }
  }
}
