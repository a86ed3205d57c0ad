// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class FirstConfigTest {
  @TempDir private Path runs;

  @Test
  void freeRun_isNoneThatIsThere() throws IOException {
    assertThat(FirstConfig.freeRun(runs, "book")).isEqualTo("book");
    Files.createDirectory(runs.resolve("book"));
    assertThat(FirstConfig.freeRun(runs, "book")).isEqualTo("book-2");
    Files.createDirectory(runs.resolve("book-2"));
    assertThat(FirstConfig.freeRun(runs, "book")).isEqualTo("book-3");
    assertThat(FirstConfig.freeRun(runs.resolve("none"), "book")).isEqualTo("book");
  }
}
