// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.token.Sha256;
import io.github.md4.core.token.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
    assertThat(ran.account()).isEqualTo("next: md4 config init %s --out out.yaml\n".formatted(out));
    assertThat(decode(out.resolve("test.bin"))).isEqualTo(TEXT.substring(209));
  }

  @Test
  void text8_joinsFiles() throws IOException {
    Path second = Files.copy(text, folder.resolve("second.txt"));
    md4("data", "text8", "--from", text, second, "--out", out).check();
    String joined =
        decode(out.resolve("train.bin"))
            + decode(out.resolve("valid.bin"))
            + decode(out.resolve("test.bin"));
    assertThat(joined).isEqualTo(TEXT + TEXT);
  }

  @Test
  void text_saysWhatItLeavesOut() throws IOException {
    Path windows = Files.writeString(folder.resolve("w.txt"), "\uFEFF" + TEXT.replace(" ", "\r\n"));
    Ran ran = md4("data", "text", "--vocabulary", "chars", "--from", windows, "--out", out);
    assertThat(ran.code()).isZero();
    assertThat(ran.err().lines())
        .containsExactly(
            "md4: byte order marks left out at the start of files: 1",
            "md4: 45 line ends of a carriage return and a line feed are line feeds now");
    assertThat(ran.small())
        .isEqualTo(
            "md4: valid has 11 tokens and test has 11 tokens: scores of so few say little;"
                + " --fractions divides otherwise\n");
    Ran again =
        md4(
            "data",
            "text",
            "--vocabulary",
            "chars",
            "--replace",
            "--json",
            "--out",
            out,
            "--from",
            windows);
    assertThat(again.json().path("notes")).hasSize(3);
  }

  @Test
  void text_takesVocabularyAndFractions() throws IOException {
    String options = "data text --vocabulary bytes --fractions 0.5,0.25 --json";
    Path longer = Files.writeString(folder.resolve("longer.txt"), TEXT.repeat(20));
    Ran ran = md4(Ran.words(options, "--from", longer, "--out", out)).succeeded();
    JsonNode json = ran.json();
    assertThat(ran.account()).as("a script reads").isEmpty();
    assertThat(json.path("unit").asText()).isEqualTo("byte");
    assertThat(json.path("vocabularySize").asInt()).isEqualTo(256);
    assertThat(json.path("isText8").asBoolean(true)).isFalse();
    assertThat(json.path("splits").findValuesAsText("tokens"))
        .containsExactly("2200", "1100", "1100");
    assertThat(json.path("splits").findValuesAsText("split"))
        .containsExactly("train", "valid", "test");
    Path valid = Path.of(json.path("splits").path(1).path("file").asText());
    assertThat(json.path("splits").path(1).path("sha256").asText()).isEqualTo(Sha256.of(valid));
    assertThat(decode(valid)).isEqualTo(TEXT.repeat(5));
  }

  @Test
  void text_ofCharactersHasThoseThatOccur() throws IOException {
    out = folder.resolve("my foxes");
    Path longer = Files.writeString(folder.resolve("longer.txt"), TEXT.repeat(20));
    Ran ran = md4("data", "text", "--vocabulary", "chars", "--from", longer, "--out", out);
    assertThat(ran.account())
        .isEqualTo("next: md4 config init '%s' --out 'my foxes.yaml'\n".formatted(out));
    assertThat(ran.succeeded().out())
        .contains("vocabulary  27 characters \" abcdefghijklmnopqrstuvwxyz\"");
  }

  @Test
  void tokens_areReported() throws IOException {
    Path lines = Files.writeString(folder.resolve("lines.jsonl"), "{\"t\": \"Hello world\"}\n");
    String options = "data tokens --field t --split valid";
    Ran ran = md4(Ran.words(options, "--from", lines, "--out", out)).succeeded();
    assertThat(ran.account()).as("a config wants train.bin").isEmpty();
    assertThat(ran.out().lines())
        .containsExactly(
            "data set         lines",
            "vocabulary       GPT-2's 50257 byte pairs",
            "closed by        the end of text",
            "settings         documents file, field t, detokenizer none, stream, split all valid",
            "documents        1",
            "tokens           3; dropped 0; padding 0",
            "bytes per token  3.6667",
            "valid            3 tokens, %s, SHA-256 %s"
                .formatted(out.resolve("valid.bin"), Sha256.of(out.resolve("valid.bin"))));
    assertThat(decode(out.resolve("valid.bin"))).isEqualTo("Hello world<|endoftext|>");
    md4(Ran.words(options, "--from", lines, "--out", out)).failed(3, "valid.bin: exists already");
    Ran train =
        md4(Ran.words("data tokens --field t --split train --json", "--from", lines, "--out", out));
    JsonNode json = train.succeeded().json();
    assertThat(json.path("documents").asInt()).isEqualTo(1);
    assertThat(json.path("textBytes").asInt()).isEqualTo(11);
    assertThat(json.path("splits").findValuesAsText("tokens")).containsExactly("3");
  }

  @Test
  void describe_letsBareTokensBeTrainedOnInPlace() throws IOException {
    Path bare =
        Files.write(Files.createDirectories(out).resolve("train.bin"), new byte[] {1, 0, 80, 2});
    byte[] before = Files.readAllBytes(bare);
    Ran ran = md4("data", "describe", "--file", bare).succeeded();
    assertThat(ran.out()).contains("train       2 tokens, " + bare);
    assertThat(decode(bare)).isEqualTo("\"ays"); // GPT-2's tokens 1 and 592
    assertThat(Files.readAllBytes(bare)).isEqualTo(before);
    md4("data", "describe", "--file", bare).failed(3, "train.json: exists already");
    Path other = Files.write(out.resolve("other.bin"), new byte[] {1, 0, 81, -60});
    md4("data", "describe", "--file", other, "--vocabulary", "bytes")
        .failed(3, "other.bin: token 1 is 50257, outside its vocabulary of 256");
    md4("data", "describe", "--file", other, "--vocabulary", "chars").failed(2, "name a FILE");
    assertThat(Files.exists(out.resolve("other.json"))).isFalse();
  }

  /** The child is told to end while it encodes; whatever moment that is, nothing half is left. */
  @Test
  void tokens_leaveNoHalfFileWhenStopped() throws IOException, InterruptedException {
    Path longText = Files.writeString(folder.resolve("long.txt"), TEXT.repeat(400_000));
    Files.createDirectories(out);
    try (ChildJvm child =
        ChildJvm.start(
            Main.class,
            Map.of(),
            "data",
            "tokens",
            "--from",
            longText.toString(),
            "--out",
            out.toString(),
            "--split",
            "train")) {
      Path partial = out.resolve("train.bin.partial");
      while (!Files.exists(partial) || Files.size(partial) == 0) {
        Thread.sleep(10);
      }
      child.signal("TERM");
      assertThat(child.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
    }
    assertThat(filesOut()).isZero();
  }

  @Test
  void quickstart_isMadeWithoutASource() throws IOException {
    Ran ran = md4("data", "quickstart", "--out", out).succeeded();
    assertThat(ran.out())
        .contains("data set    quickstart", "of known entropy", "train       1,000,000 tokens");
    assertThat(Files.size(out.resolve("test.bin"))).isEqualTo(50_000);
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
        .failed(3, "e.txt: is empty");
    md4("data", "text8", "--from", Files.writeString(folder.resolve("A.txt"), "ab A"), "--out", out)
        .failed(3, "A.txt: not text8: byte 0x41 at offset 3");
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data | Missing required subcommand",
        "data text9 | did you mean",
        "data text8 --from T | Missing required option: '--out=DIR'",
        "data text8 --from T --out O --vocabulary chars | Unknown option",
        "data tokens --from T --tokenizer T --out O | Unknown option: '--tokenizer'",
        "data images --out O --from T -x | Unknown option: '-x'",
        "data text --from T --out O | Missing required option: '--vocabulary",
        "data text --from T --out O --vocabulary words | vocabulary must be chars or bytes: words",
        "data text --from T --out O --vocabulary chars --fractions 0.9 | as 0.9,0.05: 0.9",
        "data text --from T --out O --vocabulary chars --fractions 0.9,x | must be a number, such as 0.5: x",
        "data text --from T --out O --vocabulary chars --fractions 0.9,0.2 | valid must be in",
        "data text --from T --out O --vocabulary chars --fractions NaN,0.2 | train must be in",
        "data quickstart --out O --steps 3 | Unknown option",
        "data tokens --from T --out O --pack bags | pack must be stream, openwebtext or fineweb",
        "data tokens --from T --out O --documents words | file, lines, stripped, rows or until=LINE: words",
        "data tokens --from T --out O --detokenize ptb | a detokenizer undoes one row at a time",
        "data tokens --from T --out O --split eval | split must be train, valid or test: eval",
        "data tokens --from T --out O --detokenize brown | wikitext, ptb, lm1b or lambada: brown",
      })
  void usage_isOneLineAndWritesNothing(String line, String expected) throws IOException {
    Object[] args =
        Stream.of(line.split(" "))
            .map(word -> word.equals("T") ? text : word.equals("O") ? out : word)
            .toArray();
    md4(args).failed(2, expected);
    assertThat(filesOut()).isZero();
  }

  @Test
  void fileThatIsReadTwice_isToldOf() {
    Path again = folder.resolve("./foxes.txt");
    Ran ran = md4("data", "text", "--from", text, again, "--vocabulary", "chars", "--out", out);
    assertThat(ran.code()).isZero();
    assertThat(ran.err())
        .contains("md4: " + again + " is read twice: what it holds may be both trained on");
  }
}
