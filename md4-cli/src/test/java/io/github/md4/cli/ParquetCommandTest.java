// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Parquet files of another program; resources/.../parquet/parquet.py makes them. */
@Tag("exact")
final class ParquetCommandTest {
  static final List<String> CODECS = List.of("none", "snappy", "gzip", "brotli", "lz4", "zstd");

  private static final String SENTENCE =
      "the quick brown fox jumps over the lazy dog, the quick brown fox";

  @TempDir private Path folder;

  /** Copies a resource into a folder. */
  static Path copy(String name, Path into) throws IOException {
    try (InputStream in = ParquetCommandTest.class.getResourceAsStream("parquet/" + name)) {
      Path file = into.resolve(name);
      Files.copy(in, file);
      return file;
    }
  }

  private static String documents(IntStream numbers) {
    return numbers.mapToObj(i -> "doc " + i + ": " + SENTENCE).collect(Collectors.joining());
  }

  private Ran read(String name, String field) throws IOException {
    return Ran.md4(
        Ran.words(
            "data tokens --fractions 1,0 --vocabulary bytes --json --field",
            field,
            "--from",
            copy(name, folder),
            "--out",
            folder.resolve("out")));
  }

  /** The bytes of all documents; ends of text are no bytes. */
  private String written() throws IOException {
    try (TokenFile file = TokenFile.open(folder.resolve("out").resolve("train.bin"))) {
      int[] tokens = file.read(0, (int) file.length());
      byte[] bytes = new byte[tokens.length];
      int count = 0;
      for (int token : tokens) {
        if (token < 256) {
          bytes[count++] = (byte) token;
        }
      }
      return new String(bytes, 0, count, StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "snappy", "gzip", "brotli", "lz4", "zstd"})
  void pagesOfEveryCompression_areRead(String codec) throws IOException {
    assertThat(read(codec + ".parquet", "text").succeeded().code()).isZero();
    assertThat(written()).isEqualTo(documents(IntStream.range(0, 6)));
  }

  @Test
  void dotInTheNameOfAColumn_isPartOfIt() throws IOException {
    assertThat(read("dotted.parquet", "a.b").succeeded().code()).isZero();
    assertThat(written()).isEqualTo(documents(IntStream.range(0, 6)));
  }

  /** Where the group is null there is no document, and that is counted. */
  @Test
  void dotBetweenColumns_goesInside() throws IOException {
    JsonNode result = read("nested.parquet", "a.b").succeeded().json();
    assertThat(written()).isEqualTo(documents(IntStream.of(0, 1, 2, 4, 5)));
    assertThat(result.findValue("missingTexts").asInt()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a.c", "b", "a.b.c"})
  void fieldWithoutTexts_isRefusedWithThoseThatHaveThem(String field) throws IOException {
    read("nested.parquet", field).failed(3, "nested.parquet: ", "\"" + field + "\"", "[a.b]");
  }

  /** What the reader of Parquet thinks of a file's writer is not told. */
  @Test
  void writerThatNobodyKnows_isNoMatterOfTheUsers() throws IOException {
    Path file = copy("gzip.parquet", folder);
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    Files.writeString(
        file,
        bytes.replace("cpp-arrow version", "cpp-\u001b[31m versmon"),
        StandardCharsets.ISO_8859_1);
    List<LogRecord> said = new ArrayList<>();
    Handler handler =
        new StreamHandler() {
          @Override
          public synchronized void publish(LogRecord message) {
            said.add(message);
          }
        };
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try {
      Ran.md4(
              Ran.words(
                  "data tokens --fractions 1,0 --vocabulary bytes --from",
                  file,
                  "--out",
                  folder.resolve("out")))
          .check();
      assertThat(said).isEmpty();
      LoggerFactory.getLogger("library").warn("a");
      assertThat(said).hasSize(1);
    } finally {
      root.removeHandler(handler);
    }
  }
}
