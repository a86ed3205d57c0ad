// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NearestPathTest {
  @TempDir private Path folder;

  @Test
  void eachNameMayBeMistyped() throws IOException {
    Path file = Files.createDirectories(folder.resolve("data/book")).resolve("train.bin");
    Files.createFile(file);
    assertThat(NearestPath.of(folder.resolve("data/book/trian.bin"))).contains(file);
    assertThat(NearestPath.of(folder.resolve("dta/bok/train.bin"))).contains(file);
    assertThat(NearestPath.hint(folder.resolve("data/bok/trian.bin")))
        .isEqualTo("; did you mean " + file + "?");
  }

  @Test
  void nothingNear_isNoHint() throws IOException {
    Path file = Files.createFile(folder.resolve("train.bin"));
    Files.createSymbolicLink(folder.resolve("nowhere"), folder.resolve("other"));
    assertThat(NearestPath.hint(folder.resolve("something.else"))).isEmpty();
    assertThat(NearestPath.hint(file.resolve("train.bin"))).isEmpty();
    assertThat(NearestPath.hint(folder.resolve("nowhere"))).isEmpty();
  }

  @Test
  void relativePath_isLookedForInTheWorkingFolder() {
    assertThat(NearestPath.of(Path.of("pon.xml"))).contains(Path.of("pom.xml"));
  }
}
