// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InfillCommandTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
  }

  private Ran infill(Object... options) {
    return md4(
        Stream.concat(Stream.of("infill", "--device", "cpu", "--model", model), Stream.of(options))
            .toArray());
  }

  private List<JsonNode> filled(Object... options) {
    return infill(Stream.concat(Stream.of("--json"), Stream.of(options)).toArray())
        .succeeded()
        .jsonLines();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ancestral", "first-hitting", "confidence", "remask-cap", "remask-confidence"})
  void template_staysOutsideItsHoles(String sampler) {
    for (int seed = 0; seed < 3; seed++) {
      List<JsonNode> all =
          filled(
              "--template", "ab [MASK*4] fe", "--count", 5, "--seed", seed, "--sampler", sampler);
      assertThat(all).hasSize(5);
      for (JsonNode one : all) {
        assertThat(one.path("text").asText()).matches("ab [a-f ]{4} fe");
        assertThat(one.path("start").asText()).isEqualTo("ab \u2588\u2588\u2588\u2588 fe");
      }
      assertThat(all.stream().map(one -> one.path("text").asText()).distinct().count())
          .isGreaterThan(1);
    }
  }

  @Test
  void templates_comeFromAFile() throws IOException {
    Path file =
        Files.writeString(folder.resolve("templates"), "[MASK*]\na[MASK]c\nabc\n[MASK*3]de\n");
    List<JsonNode> all = infill("--json", "--templates", file, "--steps", 20).jsonLines();
    assertThat(all).extracting(one -> one.path("index").asInt()).containsExactly(0, 1, 2, 3);
    assertThat(all.get(0).path("text").asText()).hasSize(TinyModel.LENGTH);
    assertThat(all.get(1).path("text").asText()).matches("a[a-f ]c");
    assertThat(all.get(2).path("text").asText()).isEqualTo("abc");
    assertThat(all.get(2).path("calls").asInt()).isZero();
    assertThat(all.get(3).path("text").asText()).matches("[a-f ]{3}de");
    Ran printed = infill("--templates", file, "--steps", 20);
    assertThat(printed.err())
        .isEqualTo(
            "md4: 1 of 4 templates has no hole and stays as it is, number 3; a hole is"
                + " [MASK], [MASK*12] or [MASK*]\n");
    assertThat(printed.out().lines().filter(line -> !line.startsWith("---")))
        .containsExactlyElementsOf(all.stream().map(one -> one.path("text").asText()).toList());
  }

  @Test
  void templates_comeFromJsonToo() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("templates.jsonl"),
            """
            {"text":"a[MASK]c"}
            {"tokens":[1,null,3],"vocabulary":"7 characters \\" abcdef\\""}
            """);
    List<JsonNode> all = filled("--templates", file);
    assertThat(all).hasSize(2).allMatch(one -> one.path("text").asText().matches("a[a-f ]c"));
  }

  @Test
  void batchSizeAndNeighbours_doNotChangeAText() throws IOException {
    List<JsonNode> all = filled("--template", "ab[MASK*5]", "--count", 7, "--steps", 20);
    for (int batchSize : new int[] {1, 3}) {
      assertThat(
              filled(
                  "--template",
                  "ab[MASK*5]",
                  "--count",
                  7,
                  "--steps",
                  20,
                  "--batch-size",
                  batchSize))
          .isEqualTo(all);
    }
    assertThat(filled("--template", "ab[MASK*5]", "--template", "f[MASK]", "--steps", 20).get(0))
        .isEqualTo(all.get(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "abc[MASK]xyz | '--template': not in the vocabulary: 'x' (U+0078) at offset 0 of \"xyz\"",
        "abcabcabc[MASK*3] | '--template': a template must have at most the model's 11 tokens: 12",
        "[MASK*99] | '--template': a hole must not exceed the model's 11 tokens: [MASK*99]",
        "a[MASK*none] | '--template': a hole must be [MASK], [MASK*12] or [MASK*]",
        "'' | '--template': a template must have at least one token",
      })
  void template_thatIsNoneIsAUsageError(String template, String expected) {
    infill("--template", template).failed(2, expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "abcabcabcab[MASK*]"})
  void template_withoutAHoleIsRefused(String template) {
    infill("--template", template).failed(2, "no template has a hole");
  }

  @Test
  void templateAndFile_areOneOrTheOther() {
    infill("--template", "a[MASK]", "--templates", "x").failed(2, "mutually exclusive");
    infill("--count", 3)
        .failed(2, "Missing required argument: --template=TEXT or --templates=FILE (");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "abc | line 1: is not JSON",
        "{} | line 1: must have text or tokens",
        "{\"tokens\":[1,7]} | line 1: a token must be null or in [0, 7): 7",
        "{\"tokens\":[1,\"a\"]} | line 1: a token must be null or in [0, 7): \"a\"",
        "{\"text\":\"[MASK*\"} | line 1: a hole must be [MASK]",
        "{\"tokens\":[]} | line 1: has no tokens",
        "{\"tokens\":[0,0,0,0,0,0,0,0,0,0,0,0]} | line 1: has 12 tokens, more than the model's 11",
      })
  void file_ofJsonThatIsWrongIsNamedWithItsLine(String line, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("templates.jsonl"), line + "\n");
    infill("--templates", file).failed(3, "templates.jsonl: " + expected);
  }

  @Test
  void file_ofAnotherVocabularyIsRefused() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("templates.jsonl"),
            "{\"tokens\":[1,null],\"vocabulary\":\"256 bytes\"}\n");
    infill("--templates", file)
        .failed(
            3,
            "templates.jsonl: line 1: is of the vocabulary 256 bytes, but the model has 7 characters");
    Path text = Files.writeString(folder.resolve("templates"), "abc\nThe [MASK*3] cat\n");
    infill("--templates", text).failed(3, "templates: line 2: not in the vocabulary: 'T'");
  }
}
