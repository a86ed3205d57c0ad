// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.ZstdOutputStream;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.internal.corpus.Compression;
import io.github.md4.train.internal.document.Piece;
import io.github.md4.train.internal.document.Pieces;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Inputs that are valid, or wrong in an honest way, and what is right for each. */
@Tag("exact")
final class DocumentInputsTest {
  @TempDir private Path folder;

  private static Path shared(String name) {
    Path folder = Path.of(System.getProperty("md4.shared", "../../shared"), "inputs");
    assumeTrue(Files.exists(folder), "the shared inputs are not beside the checkout");
    Path file = folder.resolve(name);
    return file;
  }

  private record Read(List<String> texts, TextDefects defects) {}

  private static Read read(Path file, String field) throws IOException {
    DocumentOptions options =
        new DocumentOptions(new DocumentRule.EachLine(), field, Detokenizer.NONE);
    List<String> texts = new ArrayList<>();
    try (Pieces pieces = DocumentFormat.of(file).open(file, options, new Tokenizer.Bytes())) {
      for (Optional<Piece> piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
        texts.add(piece.get().text());
      }
      return new Read(texts, pieces.defects());
    }
  }

  private static void assertRefused(Path file, String field, String... parts) {
    assertThatThrownBy(() -> read(file, field))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null-text.parquet", "null-text.jsonl"})
  void nullText_isLeftOutAndCounted(String name) throws IOException {
    Read read = read(shared(name), "text");
    assertThat(read.texts).doesNotContain("null").isNotEmpty();
    assertThat(read.defects.missing()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"list-text.parquet", "list-text.jsonl"})
  void listOfTexts_isRefusedWithWhatItIs(String name) {
    assertRefused(shared(name), "text", "\"text\"", "list");
  }

  @Test
  void binaryAndGzip_areRead() throws IOException {
    assertThat(read(shared("binary-text.parquet"), "text").texts).contains("doc \u00FC 0");
    assertThat(read(shared("gzip.parquet"), "text").texts).contains("doc 0", "doc 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"skippable-first.jsonl.zst", "long28.jsonl.zst"})
  void zstdOfEveryKind_isRead(String name) throws IOException {
    assertThat(read(shared(name), "text").texts).isNotEmpty().allMatch(text -> !text.isEmpty());
  }

  @Test
  void halfACharacter_isMendedAndCounted() throws IOException {
    Path file =
        write("half.jsonl", "{\"text\":\"a \\ud83d b\"}\n{\"text\":\"\\ud83d\\ude00\\ude00\"}\n");
    Read read = read(file, "text");
    assertThat(read.texts).containsExactly("a \uFFFD b", "\uD83D\uDE00\uFFFD");
    assertThat(read.defects).isEqualTo(new TextDefects(0, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'a.b':'x','a':{'b':'y'}}|a.b|x",
        "{'a':{'b':'y'}}|a.b|y",
        "{'a':{'b.c':{'d':'z'}}}|a.b.c.d|z",
      })
  void dottedFields_areKeysFirstAndThenObjects(String line, String field, String text)
      throws IOException {
    assertThat(read(write("a.jsonl", line.replace('\'', '"')), field).texts).containsExactly(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'text':null}",
        "{'meta':null}",
      })
  void nullInJson_isNoDocument(String line) throws IOException {
    String field = line.contains("meta") ? "meta.text" : "text";
    Read read = read(write("a.jsonl", line.replace('\'', '"')), field);
    assertThat(read).isEqualTo(new Read(List.of(), new TextDefects(1, 0)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'text':12,'id':'a'}|it is a number|[id]",
        "{'text':true}|it is true or false|nor under another field",
        "{'text':['a'],'meta':{'body':'b'}}|it is a list|[meta.body]",
        "{'text':{'a':'b'}}|it is an object|[text.a]",
        "{'body':'b'}|no text under|[body]",
        "['a']|not a JSON object|line 1",
      })
  void whatIsNoText_isRefusedWithTheFieldsThatAre(String line, String what, String fields)
      throws IOException {
    assertRefused(write("a.jsonl", line.replace('\'', '"')), "text", what, fields);
  }

  @Test
  void bracketsWithoutEnd_areRefused() throws IOException {
    assertRefused(write("a.jsonl", "{\"a\":" + "[".repeat(200_000)), "text", "nested deeper");
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private interface Packing {
    OutputStream of(OutputStream out) throws IOException;
  }

  private static byte[] packed(Packing packing, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = packing.of(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static byte[] packed(String suffix, byte[] content) throws IOException {
    return switch (suffix) {
      case ".gz" -> packed(GZIPOutputStream::new, content);
      case ".xz" -> packed(out -> new XZOutputStream(out, new LZMA2Options()), content);
      default -> packed(ZstdOutputStream::new, content);
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {".gz", ".xz", ".zst"})
  void truncatedFile_isNamedWhereverItIsCut(String suffix) throws IOException {
    byte[] content =
        "a line of text that is long enough\n".repeat(50).getBytes(StandardCharsets.UTF_8);
    byte[] whole = packed(suffix, content);
    for (int length = 1; length < whole.length; length += 3) {
      Path file = folder.resolve("cut" + length + ".txt" + suffix);
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> readAll(file))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(InvalidDataException.class)
          .hasMessageStartingWith(file + ": ")
          .message()
          .doesNotContain("null");
    }
    Path file = folder.resolve("whole.txt" + suffix);
    Files.write(file, whole);
    assertThat(readAll(file)).isEqualTo(content);
  }

  /** Members one after another are one content; what follows them and is none is damage. */
  @ParameterizedTest
  @ValueSource(strings = {".gz", ".xz", ".zst"})
  void streamsInARow_areReadAndAnythingElseRefused(String suffix) throws IOException {
    byte[] one = packed(suffix, "a line\n".getBytes(StandardCharsets.UTF_8));
    Path file = folder.resolve("two.txt" + suffix);
    Files.write(file, joined(one, one));
    assertThat(new String(readAll(file), StandardCharsets.UTF_8)).isEqualTo("a line\na line\n");
    for (int i : new int[] {2, 3}) { // of gzip: the method and the flags
      byte[] head = one.clone();
      head[i] ^= 0x60;
      Files.write(file, head);
      assertThatThrownBy(() -> readAll(file)).isInstanceOf(InvalidDataException.class);
    }
    byte[] damaged = one.clone();
    damaged[0] ^= 1;
    List<byte[]> others = new ArrayList<>(List.of(damaged, new byte[] {'x'}, new byte[30]));
    for (int length = 1; length < one.length; length++) {
      others.add(Arrays.copyOf(one, length));
    }
    for (byte[] after : others) {
      Files.write(file, joined(one, after));
      if (suffix.equals(".xz") && after.length == 30) {
        continue; // zeros are padding where they are a multiple of four, damage otherwise
      }
      assertThatThrownBy(() -> readAll(file))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageStartingWith(file + ": ");
    }
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static byte[] readAll(Path file) throws IOException {
    try (InputStream in = Compression.open(file)) {
      return in.readAllBytes();
    }
  }
}
