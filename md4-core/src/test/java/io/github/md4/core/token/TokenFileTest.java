// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class TokenFileTest {
  @TempDir private Path folder;

  @Test
  void split_mustBeComplete() {
    Tokenizer bytes = new Tokenizer.Bytes();
    Provenance origin = new Provenance("text", 1, List.of());
    assertThatThrownBy(() -> new DataSplit("a", "train", bytes, null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("provenance");
    assertThatThrownBy(() -> new DataSplit("a", "train", bytes, origin, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rowLength must be at least 0: -1");
  }

  /** Writes ids with a vocabulary of {@code vocabularySize} characters. */
  private TokenFileInfo write(int[] ids, int vocabularySize) throws IOException {
    try (TokenFileWriter writer = TokenFileWriter.create(bin(), content(vocabularySize))) {
      writer.write(ids);
      TokenFileInfo info = writer.seal();
      writer.publish();
      return info;
    }
  }

  private static DataSplit content(int vocabularySize) {
    StringBuilder vocabulary = new StringBuilder();
    for (int i = 0; i < vocabularySize; i++) {
      vocabulary.appendCodePoint(0x10000 + i); // above the surrogates
    }
    Provenance.SourceFile source = new Provenance.SourceFile("a.txt", "00ff");
    Provenance provenance = new Provenance("test", 3, List.of(source));
    Tokenizer tokenizer = new Tokenizer.Characters(vocabulary.toString());
    return new DataSplit("numbers", "valid", tokenizer, provenance);
  }

  private Path bin() {
    return folder.resolve("data.bin");
  }

  private Path json() {
    return folder.resolve("data.json");
  }

  private void rejects(String... parts) {
    rejects(() -> TokenFile.open(bin()).close(), parts);
  }

  private static void rejects(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContainingAll(parts);
  }

  private void replaceInJson(String old, String replacement) throws IOException {
    String text = Files.readString(json());
    assertThat(text).contains(old);
    Files.writeString(json(), text.replace(old, replacement));
  }

  @ParameterizedTest
  @CsvSource({"2, UINT8", "256, UINT8", "257, UINT16", "65536, UINT16", "65537, INT32"})
  void open_readsWhatWasWritten(int vocabularySize, TokenType type) throws IOException {
    int[] ids = new int[53];
    Arrays.setAll(ids, i -> (i * 31 + vocabularySize - 1) % vocabularySize);
    TokenFileInfo info = write(ids, vocabularySize);
    assertThat(info.type()).isEqualTo(type);
    assertThat(Files.size(bin())).isEqualTo(53L * type.bytes());
    try (TokenFile file = TokenFile.open(bin(), 7)) { // pieces of 7 tokens, the last of 4
      assertThat(file.info()).contains(info);
      assertThat(file.length()).isEqualTo(53);
      for (int start = 0; start <= 53; start++) {
        assertThat(file.read(start, 53 - start)).isEqualTo(Arrays.copyOfRange(ids, start, 53));
        assertThat(file.read(start / 2, start - start / 2))
            .isEqualTo(Arrays.copyOfRange(ids, start / 2, start));
      }
      file.verify();
    }
  }

  @Test
  void write_streamsMoreThanItsBuffer() throws IOException {
    int[] ids = new int[99_991];
    Arrays.setAll(ids, i -> i % 251);
    try (TokenFileWriter writer = TokenFileWriter.create(bin(), content(251))) {
      for (int i = 0; i < 7; i++) {
        writer.write(ids);
      }
      assertThat(writer.seal().count()).isEqualTo(7 * 99_991);
      writer.publish();
    }
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.read(3 * 99_991, 99_991)).isEqualTo(ids);
      file.verify();
    }
  }

  @Test
  void open_mapsBeyondTwoGibibytes() throws IOException {
    long tokens = 3L << 29; // 3 GiB of uint16, as a file with a hole
    try (RandomAccessFile file = new RandomAccessFile(bin().toFile(), "rw")) {
      file.setLength(2 * tokens);
      file.seek(2 * (tokens - 3));
      file.write(new byte[] {1, 2, 3, 4, 5, 6});
    }
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.length()).isEqualTo(tokens);
      assertThat(file.read(tokens - 4, 4)).containsExactly(0, 0x0201, 0x0403, 0x0605);
    }
  }

  @Test
  void open_readsAFileOfNanoGpt() throws IOException {
    Files.write(bin(), new byte[] {0x50, (byte) 0xC4, 0x01, 0x00});
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.info()).isEmpty();
      assertThat(file.read(0, 2)).containsExactly(50256, 1);
    }
    try (TokenFile file = TokenFile.openWithVocabulary(bin(), 50256)) {
      rejects(() -> file.read(0, new int[2]), "token 0 is 50256");
      assertThat(file.read(1, 1)).containsExactly(1);
    }
  }

  @Test
  void open_rejectsAnOddFileWithoutJson() throws IOException {
    Files.write(bin(), new byte[] {1, 2, 3});
    rejects("data.bin", "odd number");
  }

  @Test
  void open_skipsTheHeaderOfLlmC() throws IOException {
    byte[] llmc = llmc(1, 3);
    Files.write(bin(), llmc);
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.length()).isEqualTo(3);
      assertThat(file.read(0, 3)).containsExactly(50256, 5, 6);
    }
    Files.write(bin(), Arrays.copyOf(llmc, llmc.length - 2));
    rejects("truncated", "1,028 bytes", "3 tokens need 1,030");
  }

  @Test
  void open_rejectsAnotherVersionOfLlmC() throws IOException {
    Files.write(bin(), llmc(7, 3));
    rejects("llm.c", "version 1: 7");
  }

  private static byte[] llmc(int version, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(1024 + 6).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, 20240520).putInt(4, version).putInt(8, count);
    bytes.putShort(1024, (short) 50256).putShort(1026, (short) 5).putShort(1028, (short) 6);
    return bytes.array();
  }

  @Test
  void open_rejectsATruncatedFile() throws IOException {
    TokenFileInfo unused = write(new int[] {1, 2, 3, 4, 5}, 300);
    Files.write(bin(), Arrays.copyOf(Files.readAllBytes(bin()), 7));
    rejects("data.bin: truncated", "7 bytes", "5 tokens need 10");
  }

  @Test
  void open_rejectsAFileTooLong() throws IOException {
    TokenFileInfo unused = write(new int[] {1, 2, 3, 4, 5}, 7);
    Files.write(bin(), new byte[6]);
    rejects("too long", "6 bytes");
  }

  @Test
  void open_rejectsAJsonItCannotUnderstand() throws IOException {
    TokenFileInfo unused = write(new int[] {1}, 2);
    replaceInJson("\"formatVersion\": 1,\n  \"dataSet\"", "\"formatVersion\": 9, \"dataSet\"");
    rejects("data.json", "format version must be 1: 9");
    Files.writeString(json(), "no json");
    rejects("data.json", "does not describe");
  }

  @Test
  void open_rejectsAJsonThatContradictsItself() throws IOException {
    TokenFileInfo unused = write(new int[] {1}, 2);
    replaceInJson("\"vocabularySize\": 2", "\"vocabularySize\": 3");
    rejects("vocabularySize must be the tokenizer's 2: 3");
    replaceInJson("\"vocabularySize\": 3", "\"vocabularySize\": 2");
    replaceInJson("uint8", "uint7");
    rejects("uint7");
  }

  @Test
  void open_rejectsAMissingFile() {
    rejects("data.bin", "no such file");
    rejects(() -> TokenFile.open(folder.resolve("data.txt")).close(), "ends in .bin");
    rejects(() -> TokenFile.open(folder).close(), "is a folder; name a file of tokens in it");
  }

  @Test
  void openWithVocabulary_rejectsAnotherVocabulary() throws IOException {
    TokenFileInfo unused = write(new int[] {1}, 2);
    rejects(() -> TokenFile.openWithVocabulary(bin(), 3).close(), "vocabulary of 2 where 3");
  }

  @Test
  void read_rejectsATokenOutsideTheVocabulary() throws IOException {
    TokenFileInfo unused = write(new int[] {1, 2, 3, 4, 5}, 7);
    Files.write(bin(), new byte[] {1, 2, 3, 7, 5});
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.read(0, 3)).containsExactly(1, 2, 3);
      rejects(() -> file.read(2, new int[3]), "token 3 is 7", "vocabulary of 7");
      rejects(file::verify, "SHA-256");
    }
  }

  @Test
  void read_rejectsWhatLiesOutside() throws IOException {
    TokenFileInfo unused = write(new int[] {1, 2, 3, 4, 5}, 7);
    try (TokenFile file = TokenFile.open(bin())) {
      assertThatIllegalArgumentException().isThrownBy(() -> file.read(-1, 1));
      assertThatIllegalArgumentException().isThrownBy(() -> file.read(3, 3));
      assertThatIllegalArgumentException().isThrownBy(() -> file.read(Long.MAX_VALUE, 1));
    }
  }

  @Test
  void read_ofAClosedFileFails() throws IOException {
    TokenFileInfo unused = write(new int[] {1}, 7);
    TokenFile file = TokenFile.open(bin());
    file.close();
    assertThatIllegalStateException().isThrownBy(() -> file.read(0, 1));
  }

  @Test
  void publish_replacesAnEarlierFile() throws IOException {
    TokenFileInfo unused = write(new int[] {1, 2, 3}, 7);
    TokenFileInfo second = write(new int[] {400}, 401);
    try (TokenFile file = TokenFile.open(bin())) {
      assertThat(file.info()).contains(second);
      assertThat(file.read(0, 1)).containsExactly(400);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void close_beforePublishLeavesNothing(boolean isSealed) throws IOException {
    try (TokenFileWriter writer = TokenFileWriter.create(bin(), content(7))) {
      writer.write(new int[] {1, 2, 3});
      if (isSealed) {
        assertThat(writer.seal().count()).isEqualTo(3);
      }
      assertThat(bin()).doesNotExist();
    }
    assertThat(folder).isEmptyDirectory();
  }

  /** The second of two writers is refused, and loses the first nothing. */
  @Test
  void create_refusesASecondWriterUntilTheFirstIsDone() throws IOException {
    try (TokenFileWriter writer = TokenFileWriter.create(bin(), content(7))) {
      writer.write(new int[] {1, 2, 3});
      assertThatThrownBy(() -> TokenFileWriter.create(bin(), content(7)).close())
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("is being written by another process");
      assertThat(writer.seal().count()).isEqualTo(3);
      assertThatThrownBy(() -> TokenFileWriter.create(bin(), content(7)).close())
          .isInstanceOf(InvalidDataException.class);
      writer.publish();
    }
    try (TokenFile file = TokenFile.open(bin())) {
      file.verify();
      assertThat(file.length()).isEqualTo(3);
    }
    assertThat(write(new int[] {4}, 7).count()).isEqualTo(1);
  }

  @Test
  void write_rejectsATokenOutsideTheVocabulary() throws IOException {
    try (TokenFileWriter writer = TokenFileWriter.create(bin(), content(7))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write(new int[] {6, 7}))
          .withMessageContaining("[0, 7): 7 at 1");
      assertThatIllegalArgumentException().isThrownBy(() -> writer.write(new int[] {-1}));
    }
  }

  @Test
  void seal_statesTheSha256OfTheTokens() throws IOException {
    // printf '\0\1\2' | sha256sum
    assertThat(write(new int[] {0, 1, 2}, 7).sha256())
        .isEqualTo("ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc");
  }

  /** Reads often enough that the loop is compiled, where Java tells of a lost page later. */
  @Test
  void read_refusesAFileThatIsCutShortMeanwhile() throws IOException {
    assertThat(write(new int[1 << 16], 7).count()).isEqualTo(1 << 16);
    try (TokenFile tokens = TokenFile.open(bin())) {
      int[] into = new int[1024];
      for (int i = 0; i < 30_000; i++) {
        tokens.read((i % 60) * 1024L, into);
      }
      try (RandomAccessFile file = new RandomAccessFile(bin().toFile(), "rw")) {
        file.setLength(4096);
      }
      rejects(() -> tokens.read(60_000, into), "data.bin", "cut short while it was read");
    }
  }
}
