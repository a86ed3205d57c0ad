// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import static io.github.md4.train.data.packing.DocumentFiles.TRAIN;
import static io.github.md4.train.data.packing.DocumentFiles.closed;
import static io.github.md4.train.data.packing.DocumentFiles.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.Written;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import io.github.md4.train.data.window.Windows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rows into which documents are packed. */
@Tag("exact")
final class DocumentPackingTest {
  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("out");
  }

  /** Plain lists: groups joined, remainder carried, 2% of each group's rows to valid. */
  @Test
  void openWebText_isCutByGroup() throws IOException {
    List<String> texts = texts(700);
    Path file = Written.text(folder.resolve("a.txt"), String.join("\n", texts) + "\n");
    DocumentTokens.Prepared data =
        DocumentFiles.prepare(
            out(), new DocumentRule.EachLine(), new TokenPacking.OpenWebText(7, 300, 5), file);
    int[] all = closed(texts);
    int rows = all.length / 7;
    assertThat(data.dropped()).isEqualTo(all.length % 7);
    List<int[]> written = new ArrayList<>();
    for (String split : List.of("train", "valid")) {
      int[] ids = Written.ids(out(), split);
      for (int i = 0; i < ids.length; i += 7) {
        written.add(Arrays.copyOfRange(ids, i, i + 7));
      }
    }
    List<int[]> expected = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      expected.add(Arrays.copyOfRange(all, 7 * i, 7 * i + 7));
    }
    written.sort(Arrays::compare);
    expected.sort(Arrays::compare);
    assertThat(written.toArray(int[][]::new)).isDeepEqualTo(expected.toArray(int[][]::new));
    int forEvaluation = 0;
    int carried = 0;
    for (int first = 0; first < 700; first += 300) {
      carried += closed(texts.subList(first, Math.min(700, first + 300))).length;
      forEvaluation += (int) (0.02 * Math.floorDiv(carried, 7));
      carried %= 7;
    }
    assertThat(Written.ids(out(), "valid")).hasSize(7 * forEvaluation);
    assertThat(data.splits()).extracting(TokenFileInfo::rowLength).containsOnly(7);
  }

  /** The first open row with room, by hand. */
  @Test
  void fineWeb_packsIntoTheFirstRowWithRoom() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "1 1 1\n2 2\n3\n4 4 4 4 4 4 4 4\n5 5\n6 6\n");
    DocumentOptions documents =
        new DocumentOptions(new DocumentRule.EachLine(), "text", Detokenizer.NONE);
    Path symbols = Files.writeString(folder.resolve("symbols"), "0\n1\n2\n3\n4\n5\n6\n");
    DocumentTokens.Prepared data =
        DocumentTokens.prepare(
            List.of(file),
            out(),
            new DocumentTokens.Options(
                documents,
                VocabularyChoice.parse(symbols.toString()),
                new TokenPacking.FineWeb(5, 2, TRAIN),
                Existing.REPLACE));
    // 4 is cut to four and fits beside 3; then 5 finds no room, so both rows are written.
    assertThat(Written.ids(out(), "train"))
        .containsExactly(1, 1, 1, 2, 2, 3, 4, 4, 4, 4, 5, 5, 6, 6, 0);
    assertThat(data.dropped()).isEqualTo(4);
    assertThat(data.padding()).isEqualTo(1);
    assertThat(data.bytesPerToken()).isEqualTo(30.0 / 18);
  }

  @Test
  void rows_areTrainedOnAsRows() throws IOException {
    List<String> texts = texts(200);
    Path file = Written.text(folder.resolve("a.txt"), String.join("\n", texts) + "\n");
    DocumentTokens.Prepared unused =
        DocumentFiles.prepare(
            out(), new DocumentRule.EachLine(), new TokenPacking.OpenWebText(8, 100, 5), file);
    try (TokenFile tokens = TokenFile.open(out().resolve("train.bin"))) {
      Windows rows = Windows.of(tokens, 8, 3);
      int count = (int) (tokens.length() / 8);
      boolean[] seen = new boolean[count];
      int[] row = new int[8];
      List<int[]> stored = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        stored.add(tokens.read(8L * i, 8));
      }
      for (int position = 0; position < count; position++) {
        rows.read(position, row);
        int[] read = row;
        int which =
            IntStream.range(0, count)
                .filter(i -> !seen[i] && Arrays.equals(stored.get(i), read))
                .findFirst()
                .orElseThrow();
        seen[which] = true;
      }
      assertThat(seen).doesNotContain(false);
      assertThatThrownBy(() -> Windows.of(tokens, 4, 3))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("packed into rows of 8 tokens; set model.length");
    }
  }
}
