// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QualityCommandTest {
  @TempDir private Path folder;
  private Path reference;

  @BeforeEach
  void prepare() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "abcab ".repeat(3000));
    md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", folder.resolve("data"))
        .check();
    reference = folder.resolve("data/train.bin");
  }

  private JsonNode quality(Path samples) {
    return md4("quality", "--samples", samples, "--reference", reference, "--json")
        .succeeded()
        .json();
  }

  @Test
  void realText_hasFewerBitsThanItsLettersInDisorder() throws IOException {
    Path real = Files.writeString(folder.resolve("real"), "abcab abcab \nab abcab abc\n");
    Path other = Files.writeString(folder.resolve("other"), "aabbc aaabb \nccbbaaaaabb \n");
    JsonNode ofReal = quality(real);
    JsonNode ofOther = quality(other);
    assertThat(ofReal.path("samples").path("bitsPerToken").asDouble())
        .isLessThan(0.5 * ofOther.path("samples").path("bitsPerToken").asDouble());
    assertThat(ofReal.path("reference")).isEqualTo(ofOther.path("reference"));
    assertThat(ofReal.path("reference").path("bitsPerToken").asDouble()).isLessThan(0.5);
    String table =
        md4("quality", "--samples", real, "--reference", reference, "--order", 3).succeeded().out();
    assertThat(table.lines()).hasSize(2);
    assertThat(table).contains("bits per character under 3-grams; unigram entropy 1.");
  }

  @Test
  void samples_areReadAsTheyWerePrinted() throws IOException {
    Path jsonl =
        Files.writeString(
            folder.resolve("samples.jsonl"), "{\"text\":\"no matter\",\"tokens\":[1,2,3,1]}\n");
    assertThat(quality(jsonl).path("samples").path("bitsPerTokenStandardError").isNull()).isTrue();
  }

  /** To a vocabulary of characters a heading is a text as any other, and its score is wrong. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'--- sample 0, seed 7, ancestral (exact), 1,000 steps, cosine, 12 calls' | is a heading of",
        "'--- sample 3, call 2 of 12, step 489, time 0.7192, 10 masked' | is a heading of",
        "'{\"seed\":7,\"text\":\"ab\",\"tokens\":[1,2]}' | is a sample in JSON; name the file .jsonl",
      })
  void outputOfSampleThatIsNoText_isRefused(String line, String expected) throws IOException {
    Path texts = Files.writeString(folder.resolve("samples.txt"), line + "\nab\n");
    md4("quality", "--samples", texts, "--reference", reference)
        .failed(3, "samples.txt: line 1: " + expected);
  }

  @Test
  void samplesOfTheQuickstart_areCheckedByItsSource() throws IOException {
    Path quickstart = folder.resolve("quickstart");
    md4("data", "quickstart", "--out", quickstart).check();
    reference = quickstart.resolve("test.bin");
    Path texts =
        Files.writeString(
            folder.resolve("tales"),
            "and the fox sings softly\nthe fox the\nan old mill while the\n");
    JsonNode json = quality(texts);
    assertThat(json.path("possible").asInt()).isEqualTo(2);
    assertThat(json.path("count").asInt()).isEqualTo(3);
    assertThat(md4("quality", "--samples", texts, "--reference", reference).succeeded().out())
        .contains("possible            2 of 3 samples under the source that made the reference");
  }

  @Test
  void wrongInput_isOneLine() throws IOException {
    Path samples = Files.writeString(folder.resolve("samples.jsonl"), "{\"tokens\":[1,99]}\n");
    md4("quality", "--samples", samples, "--reference", reference)
        .failed(3, "samples.jsonl: line 1: a token must be null or in [0, 4): 99");
    md4("quality", "--samples", folder.resolve("none"), "--reference", reference)
        .failed(3, "none: no such file; a file with one sequence per line is expected");
    Path blank = Files.writeString(folder.resolve("blank.txt"), "ab\n\nab\n");
    md4("quality", "--samples", blank, "--reference", reference)
        .failed(3, "blank.txt: line 2: is empty; each line must hold a sequence");
    md4("quality", "--samples", samples, "--reference", folder.resolve("none.bin"))
        .failed(3, "none.bin: no such file");
    md4("quality", "--samples", samples, "--reference", reference, "--order", 99)
        .failed(2, "'--order': must be at most 31 for 4 different tokens: 99");
    Path masked = Files.writeString(folder.resolve("masked.jsonl"), "{\"tokens\":[1,null]}\n");
    md4("quality", "--samples", masked, "--reference", reference)
        .failed(3, "masked.jsonl: line 1 has a mask");
  }

  /** Samples of another vocabulary may have the same numbers of tokens. */
  @Test
  void otherVocabulary_isRefused() throws IOException {
    String line = "{\"tokens\":[1,2,3,1],\"vocabulary\":\"4 characters \\\" %s\\\"\"}\n";
    Path same = Files.writeString(folder.resolve("same.jsonl"), line.formatted("abc"));
    assertThat(quality(same).path("samples").path("bitsPerToken").isNumber()).isTrue();
    Path other = Files.writeString(folder.resolve("other.jsonl"), line.formatted("xyz"));
    md4("quality", "--samples", other, "--reference", reference)
        .failed(
            3,
            "other.jsonl: line 1: is of the vocabulary 4 characters \" xyz\"",
            ", but the reference has 4 characters \" abc\"");
  }

  /** Two long vocabularies may begin alike; then the text tells them apart. */
  @Test
  void otherVocabularyOfTheSameSummary_isRefusedByItsText() throws IOException {
    String line =
        "{\"tokens\":[1,2,3,1],\"vocabulary\":\"4 characters \\\" abc\\\"\",\"text\":\"%s\"}";
    Path own = Files.writeString(folder.resolve("own.jsonl"), line.formatted("abca"));
    assertThat(quality(own).path("samples").path("bitsPerToken").isNumber()).isTrue();
    Path foreign = Files.writeString(folder.resolve("foreign.jsonl"), line.formatted("abba"));
    md4("quality", "--samples", foreign, "--reference", reference)
        .failed(3, "foreign.jsonl: line 1: has tokens of another vocabulary");
  }

  /** What md4 sample prints names its vocabulary. */
  @Test
  void samplesOfAModel_nameTheirVocabulary() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    Path samples = folder.resolve("seven.jsonl");
    Ran ran =
        md4("sample", "--device", "cpu", "--model", model, "--count", 2, "--json").succeeded();
    Files.writeString(samples, ran.out());
    md4("quality", "--samples", samples, "--reference", reference)
        .failed(3, "seven.jsonl: line 1: is of the vocabulary 7 characters");
  }
}
