// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DataCommandTest {
  private static final String TEXT = "the quick brown fox jumps over the lazy dog ".repeat(5);

  @TempDir private Path folder;
  private Path text;
  private Path out;

  @BeforeEach
  void writeText() throws IOException {
    text = Files.writeString(folder.resolve("foxes.txt"), TEXT);
    out = folder.resolve("out");
  }

  private static String decode(Path bin) throws IOException {
    try (TokenFile file = TokenFile.open(bin)) {
      int[] ids = file.read(0, Math.toIntExact(file.length()));
      return file.info().orElseThrow().tokenizer().decode(ids);
    }
  }

  private long filesOut() throws IOException {
    if (!Files.exists(out)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(out)) {
      return files.count();
    }
  }

  @Test
  void text8_saysThatALookAlikeIsNotText8() throws IOException {
    Ran ran = md4("data", "text8", "--from", text, "--out", out).succeeded();
    assertThat(ran.out().lines())
        .containsExactly(
            "data set    foxes",
            "origin      not text8 (MD5 2e8335290a6cae30dde6a99a6ea02967): numbers on it are not"
                + " comparable with published ones",
            "vocabulary  27 characters \"abcdefghijklmnopqrstuvwxyz \"",
            "train       198 tokens, %s, SHA-256 %s"
                .formatted(out.resolve("train.bin"), Sha256.of(out.resolve("train.bin"))),
            "valid       11 tokens, %s, SHA-256 %s"
                .formatted(out.resolve("valid.bin"), Sha256.of(out.resolve("valid.bin"))),
            "test        11 tokens, %s, SHA-256 %s"
                .formatted(out.resolve("test.bin"), Sha256.of(out.resolve("test.bin"))));
    assertThat(decode(out.resolve("test.bin"))).isEqualTo(TEXT.substring(209));
  }

  @Test
  void text8_joinsFiles() throws IOException {
    md4("data", "text8", "--from", text, text, "--out", out).check();
    String joined =
        decode(out.resolve("train.bin"))
            + decode(out.resolve("valid.bin"))
            + decode(out.resolve("test.bin"));
    assertThat(joined).isEqualTo(TEXT + TEXT);
  }

  @Test
  void text_takesVocabularyAndFractions() throws IOException {
    String options = "data text --vocabulary bytes --fractions 0.5,0.25 --json";
    JsonNode json = md4(Ran.words(options, "--from", text, "--out", out)).succeeded().json();
    assertThat(json.path("unit").asText()).isEqualTo("byte");
    assertThat(json.path("vocabularySize").asInt()).isEqualTo(256);
    assertThat(json.path("isText8").asBoolean(true)).isFalse();
    assertThat(json.path("splits").findValuesAsText("tokens")).containsExactly("110", "55", "55");
    assertThat(json.path("splits").findValuesAsText("split"))
        .containsExactly("train", "valid", "test");
    Path valid = Path.of(json.path("splits").path(1).path("file").asText());
    assertThat(json.path("splits").path(1).path("sha256").asText()).isEqualTo(Sha256.of(valid));
    assertThat(decode(valid)).isEqualTo(TEXT.substring(110, 165));
  }

  @Test
  void text_ofCharactersHasThoseThatOccur() {
    Ran ran = md4("data", "text", "--vocabulary", "chars", "--from", text, "--out", out);
    assertThat(ran.succeeded().out())
        .contains("vocabulary  27 characters \" abcdefghijklmnopqrstuvwxyz\"");
  }

  @Test
  void quickstart_isMadeWithoutASource() throws IOException {
    Ran ran = md4("data", "quickstart", "--out", out).succeeded();
    assertThat(ran.out())
        .contains("data set    quickstart", "of known entropy", "train       4,000,000 tokens");
    assertThat(Files.size(out.resolve("test.bin"))).isEqualTo(200_000);
  }

  @Test
  void dataSet_isReplacedOnlyWhenAsked() throws IOException {
    Object[] prepare = {"data", "text8", "--from", text, "--out", out};
    md4(prepare).check();
    Files.writeString(text, "x".repeat(100));
    md4(prepare).failed(3, "train.bin: exists already");
    assertThat(decode(out.resolve("test.bin"))).isEqualTo(TEXT.substring(209));
    md4("data", "text8", "--from", text, "--out", out, "--replace").check();
    assertThat(decode(out.resolve("test.bin"))).isEqualTo("xxxxx");
  }

  @Test
  void source_thatCannotBeReadLeavesNothing() throws IOException {
    md4("data", "text8", "--from", folder.resolve("no.txt"), "--out", out).failed(3, "no.txt");
    md4("data", "text8", "--from", Files.writeString(folder.resolve("e.txt"), ""), "--out", out)
        .failed(3, "e.txt: empty");
    md4("data", "text8", "--from", Files.writeString(folder.resolve("A.txt"), "ab A"), "--out", out)
        .failed(3, "A.txt: not text8: byte 0x41 at offset 3");
    assertThat(filesOut()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data | Missing required subcommand",
        "data text9 | did you mean",
        "data text8 --from T | Missing required option: '--out=DIR'",
        "data text8 --from T --out O --vocabulary chars | Unknown option",
        "data text --from T --out O | Missing required option: '--vocabulary",
        "data text --from T --out O --vocabulary words | vocabulary must be chars or bytes: words",
        "data text --from T --out O --vocabulary chars --fractions 0.9 | as 0.9,0.05: 0.9",
        "data text --from T --out O --vocabulary chars --fractions 0.9,x | must be a number: x",
        "data text --from T --out O --vocabulary chars --fractions 0.9,0.2 | valid must be in",
        "data text --from T --out O --vocabulary chars --fractions NaN,0.2 | train must be in",
        "data quickstart --out O --steps 3 | Unknown option",
      })
  void usage_isOneLineAndWritesNothing(String line, String expected) throws IOException {
    Object[] args =
        Stream.of(line.split(" "))
            .map(word -> word.equals("T") ? text : word.equals("O") ? out : word)
            .toArray();
    md4(args).failed(2, expected);
    assertThat(filesOut()).isZero();
  }
}
