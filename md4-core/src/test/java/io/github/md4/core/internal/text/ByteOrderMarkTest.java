// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ByteOrderMarkTest {
  @TempDir private Path folder;

  @Test
  void without_removesTheFirstAlone() {
    assertThat(ByteOrderMark.without("\uFEFFa\uFEFF")).isEqualTo("a\uFEFF");
    assertThat(ByteOrderMark.without("\uFEFF\uFEFF")).isEqualTo("\uFEFF");
    assertThat(ByteOrderMark.without("a")).isEqualTo("a");
    assertThat(ByteOrderMark.without("")).isEmpty();
  }

  @Test
  void textOfAFile_hasNone() throws IOException {
    Path file = Files.writeString(folder.resolve("a.txt"), "\uFEFFa");
    assertThat(new UntrustedFile(file).text()).isEqualTo("a");
  }

  @Test
  void mark_isWrittenOnceInTheSources() throws IOException {
    List<String> modules = List.of("core", "train", "sample", "cli");
    for (String module : modules) {
      try (Stream<Path> files = Files.walk(Path.of("../md4-" + module + "/src/main/java"))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          if (!file.endsWith("ByteOrderMark.java")) {
            assertThat(Files.readString(file)).as("%s", file).doesNotContainIgnoringCase("\\uFEFF");
          }
        }
      }
    }
  }
}
