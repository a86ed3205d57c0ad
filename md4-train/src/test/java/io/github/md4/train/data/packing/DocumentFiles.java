// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import blue.strategic.parquet.Dehydrator;
import blue.strategic.parquet.ParquetWriter;
import com.google.gson.JsonObject;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.document.Detokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.data.document.DocumentRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** Files of documents, and what their tokens must be. */
final class DocumentFiles {
  static final DocumentSplit TRAIN = new DocumentSplit.One("train");

  private static final int END = 50_256;

  private DocumentFiles() {}

  /** Prepares files in GPT-2's tokens. */
  static DocumentTokens.Prepared prepare(
      Path out, DocumentRule rule, TokenPacking packing, Path... files) throws IOException {
    DocumentOptions documents = new DocumentOptions(rule, "text", Detokenizer.NONE);
    return DocumentTokens.prepare(
        List.of(files),
        out,
        new DocumentTokens.Options(
            documents, VocabularyChoice.parse("gpt2"), packing, Existing.REPLACE));
  }

  /** Returns documents of different lengths, some of them empty, none with a line end. */
  static List<String> texts(int count) {
    Random random = new Random(count);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int words = random.nextInt(30);
      texts.add(
          IntStream.range(0, words)
              .mapToObj(w -> "w" + random.nextInt(1000))
              .collect(Collectors.joining(" ")));
    }
    return texts;
  }

  /** One document after another, each closed. */
  static int[] closed(List<String> texts) {
    Tokenizer tokenizer = new Gpt2Tokenizer();
    return texts.stream()
        .flatMapToInt(
            text -> IntStream.concat(IntStream.of(tokenizer.encode(text)), IntStream.of(END)))
        .toArray();
  }

  static String jsonLines(List<String> texts) {
    StringBuilder lines = new StringBuilder();
    for (String text : texts) {
      JsonObject json = new JsonObject();
      json.addProperty("id", 1);
      json.addProperty("text", text);
      lines.append(json).append("\n");
    }
    return lines.toString();
  }

  static Path parquet(Path file, List<String> texts) throws IOException {
    MessageType schema =
        new MessageType(
            "document",
            Types.required(PrimitiveTypeName.INT32).named("id"),
            Types.required(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("text"));
    Dehydrator<String> row =
        (text, values) -> {
          values.write("id", 1);
          values.write("text", text);
        };
    try (ParquetWriter<String> writer = ParquetWriter.writeFile(schema, file.toFile(), row)) {
      for (String text : texts) {
        writer.write(text);
      }
    }
    return file;
  }
}
