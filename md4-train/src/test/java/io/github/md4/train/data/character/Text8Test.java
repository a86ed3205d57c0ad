// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.character;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenType;
import io.github.md4.core.token.Tokenizer.Characters;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.data.Written;
import io.github.md4.train.data.window.EvaluationChunks;
import io.github.md4.train.data.window.TrainingWindows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class Text8Test {
  private static final String TEXT = "anarchism originated as a term of abuse"; // 39 characters

  @TempDir private Path folder;

  private PreparedData prepare(Path... files) throws IOException {
    return Text8.prepare(List.of(files), out(), Existing.REFUSE);
  }

  private Path out() {
    return folder.resolve("deep/out");
  }

  private void rejects(Path file, String... parts) {
    assertThatThrownBy(() -> prepare(file))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(String.valueOf(file.getFileName()))
        .hasMessageContainingAll(parts);
    assertThat(folder.resolve("deep/out/train.bin")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "text.txt.xz", "text.gz", "text.zip"})
  void prepare_splitsByPosition(String name) throws IOException {
    PreparedData data = prepare(Written.text(folder.resolve(name), TEXT));
    // The borders are 35.1 and 37.05.
    assertThat(Written.decoded(out(), "train")).isEqualTo(TEXT.substring(0, 35));
    assertThat(Written.decoded(out(), "valid")).isEqualTo(TEXT.substring(35, 37));
    assertThat(Written.decoded(out(), "test")).isEqualTo(TEXT.substring(37));
    assertThat(data.name()).isEqualTo("text");
    assertThat(Text8.isText8(data)).isFalse();
    assertThat(data.splits()).extracting(TokenFileInfo::count).containsExactly(35L, 2L, 2L);
    assertThat(data.splits()).extracting(TokenFileInfo::type).containsOnly(TokenType.UINT8);
    assertThat(data.splits()).extracting(TokenFileInfo::tokenizer).containsOnly(Characters.TEXT8);
    assertThat(out()).isDirectoryNotContaining("glob:**.partial");
  }

  @Test
  void prepare_joinsItsFiles() throws IOException {
    Path first = Written.text(folder.resolve("a.xz"), TEXT.substring(0, 11));
    Path second = Written.text(folder.resolve("b"), "");
    Path third = Written.text(folder.resolve("c.gz"), TEXT.substring(11));
    PreparedData data = prepare(first, second, third);
    assertThat(Written.decoded(out(), "train")).isEqualTo(TEXT.substring(0, 35));
    assertThat(data.name()).isEqualTo(String.valueOf(folder.getFileName()));
    // printf 'anarchism originated as a term of abuse' | md5sum
    assertThat(data.md5()).isEqualTo("b8af24eacdabebd81a95522e85d63086");
    assertThat(data.splits().get(0).provenance().files())
        .extracting("name")
        .containsExactly("a.xz", "b", "c.gz");
  }

  @Test
  void prepare_doesNotCallAnotherTextText8() throws IOException {
    assertThat(prepare(Written.text(folder.resolve("text8.zip"), TEXT)).name())
        .isEqualTo("text8-like");
  }

  @Test
  void prepare_rejectsACharacterOutsideTheAlphabet() throws IOException {
    rejects(Written.text(folder.resolve("a"), TEXT + "\n"), "not text8", "0x0A at offset 39");
    rejects(Written.text(folder.resolve("b"), "the Fox" + TEXT), "0x46 at offset 4");
    rejects(Written.text(folder.resolve("c"), "caf\u00E9" + TEXT), "0xC3 at offset 3");
  }

  @Test
  void prepare_namesTheFileAndItsOffset() throws IOException {
    Path good = Written.text(folder.resolve("good.gz"), TEXT);
    Path bad = Written.text(folder.resolve("bad.gz"), "ab{");
    assertThatThrownBy(() -> prepare(good, bad))
        .hasMessageContaining("bad.gz: not text8")
        .hasMessageContaining("0x7B at offset 2");
  }

  @Test
  void prepare_rejectsAFileMissingOrEmptyOrShort() throws IOException {
    rejects(folder.resolve("absent"), "no such file");
    rejects(Written.text(folder.resolve("empty"), ""), "empty");
    rejects(Written.text(folder.resolve("short"), "ab"), "too short to split: 2 tokens");
    assertThatIllegalArgumentException().isThrownBy(() -> prepare());
  }

  @ParameterizedTest
  @ValueSource(strings = {"text.xz", "text.gz", "text.zip"})
  void prepare_rejectsADamagedFile(String name) throws IOException {
    byte[] packed = Written.packed(name, TEXT.getBytes(StandardCharsets.UTF_8));
    Path file = folder.resolve(name);
    rejects(
        Files.write(file, Arrays.copyOf(packed, packed.length * 2 / 3)), "damaged or cut short");
    rejects(Files.write(file, TEXT.getBytes(StandardCharsets.UTF_8)), "copy it");
  }

  @Test
  void prepare_rejectsAZipOfTwoFiles() throws IOException {
    Path file = folder.resolve("two.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("a"));
      zip.putNextEntry(new ZipEntry("b"));
    }
    rejects(file, "must hold one file: 2");
  }

  @Test
  void prepare_replacesOnlyWhatWasMadeHereAndOnlyIfAsked() throws IOException {
    Path file = Written.text(folder.resolve("text"), TEXT);
    PreparedData first = prepare(file);
    assertThatThrownBy(() -> prepare(file)).hasMessageContaining("train.bin: exists already");
    Path longer = Written.text(folder.resolve("longer"), TEXT + TEXT);
    PreparedData second = Text8.prepare(List.of(longer), out(), Existing.REPLACE);
    assertThat(second.splits()).isNotEqualTo(first.splits());
    assertThat(Written.ids(out(), "train")).hasSize(70);
    Files.delete(out().resolve("valid.json"));
    assertThatThrownBy(() -> Text8.prepare(List.of(file), out(), Existing.REPLACE))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("valid.bin: was not made here");
    assertThat(Written.ids(out(), "train")).hasSize(70);
  }

  @Test
  @Tag("slow")
  void prepare_ofSharedText8likeHasThePublishedCountsAndMd5() throws IOException {
    Path shared = Path.of(System.getProperty("md4.shared", "absent"), "data", "text8like");
    assumeThat(shared).as("the shared data set text8like").isDirectory();
    List<Path> parts =
        Stream.of("train-0", "train-1", "train-2", "valid", "test")
            .map(part -> shared.resolve(part + ".txt.xz"))
            .toList();
    PreparedData data = Text8.prepare(parts, out(), Existing.REFUSE);
    assertThat(data.name()).isEqualTo("text8like");
    assertThat(data.md5()).isEqualTo("2fd235595890bacebd120aa7723bf500");
    assertThat(Text8.isText8(data)).isFalse();
    assertThat(data.splits())
        .extracting(TokenFileInfo::count)
        .containsExactly(90_000_000L, 5_000_000L, 5_000_000L);
    try (TokenFile train = TokenFile.open(out().resolve("train.bin"));
        TokenFile test = TokenFile.open(out().resolve("test.bin"))) {
      assertThat(Characters.TEXT8.decode(train.read(0, 10))).isEqualTo(" anarchism");
      assertThat(new TrainingWindows(train, 256, 1).count()).isEqualTo(89_999_745);
      EvaluationChunks chunks = new EvaluationChunks(test, 256);
      assertThat(chunks.count()).isEqualTo(19_531);
      assertThat(chunks.tailTokens()).isEqualTo(64);
    }
  }
}
