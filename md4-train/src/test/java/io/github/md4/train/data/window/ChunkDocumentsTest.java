// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.SymbolTokenizer;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class ChunkDocumentsTest {
  @TempDir private Path folder;

  private EvaluationChunks chunks(Tokenizer tokenizer, int... ids) throws IOException {
    Path bin = folder.resolve("a.bin");
    DataSplit split = new DataSplit("a", "test", tokenizer, new Provenance("x", 1, List.of()));
    try (TokenFileWriter writer = TokenFileWriter.create(bin, split)) {
      writer.write(ids);
      TokenFileInfo unused = writer.seal();
      writer.publish();
    }
    return new EvaluationChunks(TokenFile.open(bin), 3);
  }

  @Test
  void documents_areClosedByTheEndOfText() throws IOException {
    Tokenizer tokenizer = new SymbolTokenizer(List.of("a", "b", "<|endoftext|>"));
    EvaluationChunks chunks = chunks(tokenizer, 0, 1, 2, 2, 0, 1, 0, 2, 1, 0);
    int[] documents = new int[3];
    int[][] expected = {{0, 0, 0}, {1, 2, 2}, {2, 2, 3}};
    for (int index : new int[] {2, 0, 1}) {
      chunks.readDocuments(index, documents);
      assertThat(documents).containsExactly(expected[index]);
    }
    assertThat(chunks.documentCount()).isEqualTo(4);
    assertThat(chunks.first(1).documentCount()).isEqualTo(4); // some of which have no token there
  }

  @Test
  void documents_areUnknownWithoutAnEndOfText() throws IOException {
    assertThat(chunks(new Tokenizer.Bytes(), 0, 1, 2, 3).documentCount()).isZero();
  }
}
