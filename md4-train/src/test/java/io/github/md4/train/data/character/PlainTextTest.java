// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.character;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenType;
import io.github.md4.core.token.Tokenizer.Bytes;
import io.github.md4.core.token.Tokenizer.Characters;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.data.Written;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class PlainTextTest {
  private static final SplitFractions ALL_TRAIN = new SplitFractions(1, 0);
  private static final String CLEF = "\uD834\uDD1E"; // four bytes in UTF-8, two chars

  @TempDir private Path folder;

  private PreparedData prepare(Path file, TextVocabulary vocabulary, SplitFractions fractions)
      throws IOException {
    PlainText.Options options = new PlainText.Options(vocabulary, fractions, Existing.REPLACE);
    return PlainText.prepare(List.of(file), folder.resolve("out"), options);
  }

  private int[] ids(String split) {
    return Written.ids(folder.resolve("out"), split);
  }

  @Test
  void characters_areTheSortedDistinctCodePoints() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "ba" + CLEF + "\nab\u00E9");
    PreparedData data = prepare(file, TextVocabulary.CHARACTERS, ALL_TRAIN);
    TokenFileInfo train = data.splits().get(0);
    assertThat(train.tokenizer()).isEqualTo(new Characters("\nab\u00E9" + CLEF));
    assertThat(ids("train")).containsExactly(2, 1, 4, 0, 1, 2, 3);
    assertThat(data.name()).isEqualTo("a");
    // printf 'ba\xf0\x9d\x84\x9e\nab\xc3\xa9' | md5sum
    assertThat(data.md5()).isEqualTo("fbbe72e2370b7a6c626515a8405319b7");
  }

  /** As Windows writes a text: neither mark nor returns are characters of the vocabulary. */
  @Test
  void characters_haveNeitherByteOrderMarksNorCarriageReturns() throws IOException {
    Path first = Written.text(folder.resolve("1.txt"), "\uFEFFab\r\nb\r\n");
    Path second = Written.text(folder.resolve("2.txt"), "\uFEFFc\r\r\n\r");
    PlainText.Options options =
        new PlainText.Options(TextVocabulary.CHARACTERS, ALL_TRAIN, Existing.REFUSE);
    PreparedData data = PlainText.prepare(List.of(first, second), folder.resolve("out"), options);
    assertThat(Written.decoded(folder.resolve("out"), "train")).isEqualTo("ab\nb\nc\r\n\r");
    assertThat(data.splits().get(0).tokenizer()).isEqualTo(new Characters("\n\rabc"));
    assertThat(data.notes())
        .containsExactly(
            "byte order marks left out at the start of files: 2",
            "3 line ends of a carriage return and a line feed are line feeds now",
            "2 carriage returns stand alone and stay; if they end lines, convert the text first");
  }

  /** As a text of joined files has it: a mark inside stays, and is told. */
  @Test
  void byteOrderMarksInside_stayAndAreTold() throws IOException {
    Path joined = Written.text(folder.resolve("a.txt"), "\uFEFFab\n\uFEFFcd\n\uFEFF");
    PreparedData data = prepare(joined, TextVocabulary.CHARACTERS, ALL_TRAIN);
    assertThat(Written.decoded(folder.resolve("out"), "train")).isEqualTo("ab\n\uFEFFcd\n\uFEFF");
    assertThat(data.splits().get(0).tokenizer().summary()).contains("\"<U+000A>abcd<U+FEFF>\"");
    assertThat(data.notes())
        .containsExactly(
            "byte order marks left out at the start of files: 1",
            "2 byte order marks inside the text stay as characters; if files were joined, remove"
                + " them");
  }

  @Test
  void one_isToldAsOne() throws IOException {
    Path text = Written.text(folder.resolve("a.txt"), "a\r\n\uFEFFb\r");
    assertThat(prepare(text, TextVocabulary.CHARACTERS, ALL_TRAIN).notes())
        .containsExactly(
            "1 byte order mark inside the text stays as a character; if files were joined, remove"
                + " it",
            "1 line end of a carriage return and a line feed is a line feed now",
            "1 carriage return stands alone and stays; if it ends a line, convert the text first");
  }

  /** Line ends that a buffer's end parts are line ends all the same. */
  @Test
  void characters_loseReturnsAcrossBuffers() throws IOException {
    String lines = "abcde\r\n".repeat(150_001); // more than a buffer, of a prime length
    PreparedData data =
        prepare(Written.text(folder.resolve("a.txt"), lines), TextVocabulary.CHARACTERS, ALL_TRAIN);
    assertThat(Written.decoded(folder.resolve("out"), "train"))
        .isEqualTo("abcde\n".repeat(150_001));
    assertThat(data.notes()).hasSize(1).first().asString().startsWith("150,001 line ends");
  }

  @Test
  void bytes_stayAndSayWhatTheyAre() throws IOException {
    Path file = Written.text(folder.resolve("a.txt"), "\uFEFFa\r\n");
    PreparedData data = prepare(file, TextVocabulary.BYTES, ALL_TRAIN);
    assertThat(ids("train")).containsExactly(0xEF, 0xBB, 0xBF, 'a', '\r', '\n');
    assertThat(data.notes()).hasSize(1).first().asString().startsWith("1 line ends in a carriage");
    Path unix = Written.text(folder.resolve("b.txt"), "a\nb\r");
    assertThat(prepare(unix, TextVocabulary.BYTES, ALL_TRAIN).notes()).isEmpty();
  }

  @Test
  void error_behindAMarkHasItsOffsetInTheFile() throws IOException {
    Path file = folder.resolve("a.txt");
    Files.write(file, new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF, 'a', (byte) 0xFF});
    assertThatThrownBy(() -> prepare(file, TextVocabulary.CHARACTERS, ALL_TRAIN))
        .hasMessageContaining("not UTF-8: byte 0xFF at offset 4");
  }

  @Test
  void characters_surviveBuffersAndFiles() throws IOException {
    // Three bytes a character, so that buffers of a power of two end inside one.
    String text = "\u2014\u2203\u2200".repeat(200_003);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Path first = folder.resolve("1");
    Path second = folder.resolve("2");
    Files.write(first, Arrays.copyOf(bytes, 100_001));
    Files.write(second, Arrays.copyOfRange(bytes, 100_001, bytes.length));
    PlainText.Options options =
        new PlainText.Options(TextVocabulary.CHARACTERS, ALL_TRAIN, Existing.REFUSE);
    PreparedData data = PlainText.prepare(List.of(first, second), folder.resolve("out"), options);
    assertThat(data.splits().get(0).count()).isEqualTo(text.length());
    assertThat(Written.decoded(folder.resolve("out"), "train")).isEqualTo(text);
  }

  @Test
  void characters_takeTheSmallestType() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 257; i++) {
      text.appendCodePoint(0x4E00 + i);
    }
    Path file = Written.text(folder.resolve("a.txt"), text.toString());
    PreparedData data = prepare(file, TextVocabulary.CHARACTERS, ALL_TRAIN);
    assertThat(data.splits().get(0).type()).isEqualTo(TokenType.UINT16);
    assertThat(ids("train")).hasSize(257).endsWith(255, 256);
  }

  @Test
  void characters_rejectWhatIsNotUtf8() throws IOException {
    Path invalid =
        Files.write(folder.resolve("latin1"), new byte[] {'c', 'a', 'f', (byte) 0xE9, ' '});
    rejects(invalid, "latin1: not UTF-8: byte 0xE9 at offset 3");
    Path cut = Files.write(folder.resolve("cut"), new byte[] {'a', (byte) 0xC3});
    rejects(cut, "cut: not UTF-8: byte 0xC3 at offset 1");
    rejects(Written.text(folder.resolve("empty.gz"), ""), "empty.gz: is empty");
    rejects(folder.resolve("absent"), "absent: no such file");
  }

  private void rejects(Path file, String message) {
    assertThatThrownBy(() -> prepare(file, TextVocabulary.CHARACTERS, ALL_TRAIN))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(message);
  }

  @Test
  void characters_nameTheOffsetInALaterBuffer() throws IOException {
    byte[] bytes = "\u2014".repeat(300_007).getBytes(StandardCharsets.UTF_8);
    bytes[600_001] = 'x'; // inside the character at 600,000
    Path file = Files.write(folder.resolve("late"), bytes);
    rejects(file, "byte 0xE2 at offset 600000");
  }

  @Test
  void bytes_takeAnything() throws IOException {
    Path file = Files.write(folder.resolve("any"), new byte[] {(byte) 0xFF, 0, (byte) 0xC3, 7});
    PreparedData data = prepare(file, TextVocabulary.BYTES, ALL_TRAIN);
    assertThat(data.splits().get(0).tokenizer()).isEqualTo(new Bytes());
    assertThat(ids("train")).containsExactly(255, 0, 195, 7);
  }

  @Test
  void prepare_splitsByItsFractions() throws IOException {
    Path file = Written.text(folder.resolve("a"), "abcdefghijk");
    PreparedData thirds = prepare(file, TextVocabulary.BYTES, new SplitFractions(0.5, 0.3));
    assertThat(thirds.splits()).extracting(TokenFileInfo::count).containsExactly(6L, 3L, 2L);
    PreparedData halves = prepare(file, TextVocabulary.BYTES, new SplitFractions(0.9, 0.1));
    assertThat(halves.splits()).extracting(TokenFileInfo::split).containsExactly("train", "valid");
    // The older test split has gone with the data set that it belonged to.
    assertThat(folder.resolve("out/test.bin")).doesNotExist();
    assertThat(folder.resolve("out/test.json")).doesNotExist();
    assertThat(Written.decoded(folder.resolve("out"), "valid")).isEqualTo("k");
  }

  @Test
  void prepare_takesSharedTinyshakespeare() throws IOException {
    Path shared = Path.of(System.getProperty("md4.shared", "absent"), "data", "tinyshakespeare");
    assumeThat(shared).as("the shared data set tinyshakespeare").isDirectory();
    Path file = shared.resolve("input.txt.xz");
    PreparedData data = prepare(file, TextVocabulary.CHARACTERS, SplitFractions.STANDARD);
    // 65 characters and these counts are well known (90% of 1,115,394 is 1,003,854.6).
    assertThat(data.splits()).extracting(TokenFileInfo::vocabularySize).containsOnly(65);
    assertThat(data.splits())
        .extracting(TokenFileInfo::count)
        .containsExactly(1_003_855L, 55_769L, 55_770L);
    assertThat(Written.decoded(folder.resolve("out"), "train"))
        .startsWith("First Citizen:\nBefore");
  }
}
