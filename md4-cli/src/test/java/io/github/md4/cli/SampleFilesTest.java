// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.token.HuggingFaceJson;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trace.TraceReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code md4 sample} reads and writes besides samples. */
final class SampleFilesTest {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
  }

  private Ran sample(String options) {
    return md4(words("sample --device cpu " + options, "--model", model));
  }

  private List<JsonNode> samples(String options) {
    return sample("--json " + options).succeeded().jsonLines();
  }

  @Test
  void reconstruct_drawsAnewWhatIsMasked() throws IOException {
    Path file = Files.writeString(folder.resolve("texts"), "abc def abc\nfff\n");
    List<JsonNode> samples = samples("--at 0.5 --steps 20 --reconstruct " + file);
    assertThat(samples).hasSize(2);
    for (JsonNode sample : samples) {
      String start = sample.path("start").asText(sample.path("text").asText());
      String pattern = start.replace(Tokenizer.MASK_TEXT, ".");
      assertThat(sample.path("text").asText()).matches(pattern);
    }
    assertThat(samples.get(0).path("start").asText())
        .hasSize(11)
        .contains(Tokenizer.MASK_TEXT)
        .matches("[abc def" + Tokenizer.MASK_TEXT + "]*");
    assertThat(sample("--at 0.5 --steps 20 --reconstruct " + file).succeeded().out().lines())
        .hasSize(6)
        .filteredOn(line -> line.startsWith("--- from "))
        .hasSize(2);
  }

  @Test
  void distribution_namesTheLikeliestAtEveryPosition() throws IOException {
    Path file = Files.writeString(folder.resolve("texts"), "abc def\nfff\n");
    List<JsonNode> all = samples("--at 0.5 --top 3 --distribution " + file);
    assertThat(all).extracting(json -> json.path("index").asInt()).containsExactly(0, 1);
    JsonNode positions = all.get(0).path("positions");
    assertThat(positions).hasSize(7);
    for (JsonNode position : positions) {
      JsonNode likeliest = position.path("likeliest");
      assertThat(likeliest).hasSize(3);
      assertThat(likeliest.get(0).path("probability").asDouble())
          .isGreaterThanOrEqualTo(likeliest.get(2).path("probability").asDouble());
      assertThat(likeliest.get(0).path("text").asText()).matches("[a-f ]");
    }
    String text = sample("--at 0.5 --top 3 --distribution " + file).succeeded().out();
    assertThat(text.lines()).hasSize(1 + 7 + 1 + 3);
    assertThat(text).startsWith("--- " + all.get(0).path("start").asText() + "\n    0  a  ");
  }

  /** A vocabulary whose decoding of one id alone loses its blank: a token keeps it in a text. */
  @Test
  void distribution_keepsTheBlanksOfTokens() throws IOException {
    Path shared = Path.of(System.getProperty("md4.shared", "../../shared"), "inputs");
    assumeTrue(Files.exists(shared), "the shared inputs are not beside the checkout");
    Tokenizer tokenizer = HuggingFaceJson.load(shared.resolve("llama-tiny.json"));
    model = new TinyModel(tokenizer).write(folder.resolve("llama"), 1);
    Path file = Files.writeString(folder.resolve("texts"), "hello world.\n");
    int all = tokenizer.vocabularySize();
    JsonNode positions =
        samples("--at 0.5 --top " + all + " --distribution " + file).get(0).path("positions");
    int blanks = 0;
    for (int n = 0; n < positions.size(); n++) {
      for (JsonNode likely : positions.get(n).path("likeliest")) {
        String text = likely.path("text").asText();
        assertThat(text).isEqualTo(tokenizer.text(likely.path("token").asInt(), n));
        blanks += n > 0 && text.startsWith(" ") ? 1 : 0;
      }
    }
    assertThat(blanks).isPositive();
  }

  @Test
  void report_saysWhatTheRunTook() throws IOException {
    Path file = folder.resolve("report.json");
    List<JsonNode> samples = samples("--count 5 --steps 20 --batch-size 2 --report " + file);
    JsonNode report = new JsonMapper().readTree(Files.readString(file));
    int calls = samples.stream().mapToInt(sample -> sample.path("calls").asInt()).sum();
    assertThat(report.path("count").asInt()).isEqualTo(5);
    assertThat(report.path("tokens").asInt()).isEqualTo(5 * TinyModel.LENGTH);
    assertThat(report.path("sequenceCalls").asInt()).isEqualTo(calls);
    assertThat(report.path("networkCalls").asInt()).isBetween((calls + 1) / 2, calls);
    assertThat(report.path("seconds").asDouble()).isPositive();
    assertThat(report.path("sampler").path("draw").asText()).isEqualTo("exact");
    assertThat(report.path("device").asText()).isEqualTo("cpu");
  }

  @Test
  void trace_tellsWhatIsPrinted() throws IOException {
    Path file = folder.resolve("trace.ndjson");
    List<JsonNode> samples = samples("--count 3 --steps 20 --trace " + file);
    Trace trace = TraceReader.read(file);
    assertThat(trace.header().steps()).isEqualTo(20);
    assertThat(trace.header().schedule()).isEqualTo("linear");
    assertThat(trace.header().about())
        .containsEntry("sampler", "ancestral (exact), 20 steps, cosine")
        .containsEntry("seed", "0");
    for (int index = 0; index < 3; index++) {
      List<Trace.Frame> frames = trace.histories().get(index).frames();
      assertThat(frames).hasSize(samples.get(index).path("calls").asInt());
      String last =
          frames.get(frames.size() - 1).cells().stream()
              .map(Trace.Cell::text)
              .collect(Collectors.joining());
      assertThat(last).isEqualTo(samples.get(index).path("text").asText());
    }
  }

  @Test
  void texts_thatAreNoneOfTheModelsAreRefused() throws IOException {
    sample("--at 0.5 --reconstruct " + folder.resolve("none")).failed(3, "none: no such file");
    Path file = Files.writeString(folder.resolve("texts"), "abc\nxyz\n");
    sample("--at 0.5 --reconstruct " + file)
        .failed(3, "texts: line 2: not in the vocabulary: 'x' (U+0078) at offset 0");
    Files.writeString(file, "abc def abc d\n");
    sample("--at 0.5 --distribution " + file)
        .failed(3, "texts: line 1: has 13 tokens, more than the model's 11");
    Files.writeString(file, "abc\n\nabc\n");
    sample("--at 0.5 --distribution " + file).failed(3, "texts: line 2: is empty");
    Files.writeString(file, "");
    sample("--at 0.5 --distribution " + file).failed(3, "texts: is empty");
  }
}
