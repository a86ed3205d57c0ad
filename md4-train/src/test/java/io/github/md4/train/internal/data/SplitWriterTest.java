// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.Tokenizer.Bytes;
import io.github.md4.train.data.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class SplitWriterTest {
  private static final SplitWriter.DataSet DATA =
      new SplitWriter.DataSet("x", new Bytes(), new Provenance("test", 1, List.of()));

  @TempDir private Path folder;

  private SplitWriter writer(long train, long valid, long test) throws IOException {
    return new SplitWriter(folder, DATA, List.of(train, valid, test));
  }

  @Test
  void write_cutsAtTheBordersHoweverItIsFed() throws IOException {
    for (int piece = 1; piece <= 10; piece++) {
      try (SplitWriter writer = writer(5, 2, 3)) {
        for (int start = 0; start < 10; start += piece) {
          int[] ids = new int[Math.min(piece, 10 - start)];
          for (int i = 0; i < ids.length; i++) {
            ids[i] = start + i;
          }
          writer.write(ids);
        }
        assertThat(writer.finish()).extracting(TokenFileInfo::count).containsExactly(5L, 2L, 3L);
      }
      assertThat(Written.ids(folder, "train")).containsExactly(0, 1, 2, 3, 4);
      assertThat(Written.ids(folder, "valid")).containsExactly(5, 6);
      assertThat(Written.ids(folder, "test")).containsExactly(7, 8, 9);
    }
  }

  @Test
  void finish_rejectsTooFewTokensAndLeavesNothing() throws IOException {
    for (int count = 0; count < 10; count++) {
      try (SplitWriter writer = writer(5, 2, 3)) {
        writer.write(new int[count]);
        assertThatThrownBy(writer::finish)
            .isInstanceOf(InvalidDataException.class)
            .hasMessageContaining("changed while it was read");
      }
      assertThat(folder).isEmptyDirectory();
    }
  }

  /** As on a disk that is full when the second split is sealed. */
  @Test
  void finish_thatFailsHalfwayNamesNothing() throws IOException {
    Path obstacle = Files.createDirectory(folder.resolve("valid.json.partial"));
    try (SplitWriter writer = writer(5, 2, 3)) {
      writer.write(new int[10]);
      assertThatThrownBy(writer::finish).isInstanceOf(IOException.class);
    }
    assertThat(folder).isEmptyDirectory();
    assertThat(obstacle).doesNotExist(); // as any partial file
  }

  @Test
  void write_rejectsTooManyTokens() throws IOException {
    try (SplitWriter writer = writer(5, 2, 0)) {
      assertThatThrownBy(() -> writer.write(new int[8]))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("changed while it was read");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void writer_thatCannotStartLeavesNothing() throws IOException {
    Path obstacle = Files.createDirectory(folder.resolve("test.bin.partial"));
    assertThatThrownBy(() -> writer(5, 2, 3).close()).isInstanceOf(IOException.class);
    assertThat(folder).isDirectoryNotContaining("glob:**train*");
    assertThat(obstacle).isDirectory();
  }
}
