// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Completions in OpenAI's form: what is answered is what the library draws. */
final class CompletionsTest {
  private static final String PATH = "/v1/completions";

  @TempDir private static Path folder;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static JsonNode answer(String body) throws Exception {
    return server.post(PATH, body).good();
  }

  /** Returns the whole texts that the library draws from a template. */
  private static List<String> drawn(String template, int count, SamplingOptions options) {
    InitialSequence start = server.served().model().template(template, 0);
    List<InitialSequence> sequences =
        IntStream.range(0, count).mapToObj(i -> new InitialSequence(start.zt(), i)).toList();
    return server.served().model().generate(sequences, options, SamplingListener.none()).stream()
        .map(Sample::text)
        .toList();
  }

  @Test
  void completion_isTheSampleOfTheSeed() throws Exception {
    SamplingOptions options =
        SamplingOptions.defaults().steps(64).temperature(0.5).topP(0.9).seed(5);
    JsonNode json =
        answer(
            """
            {"model": "tiny", "prompt": "abc", "n": 3, "seed": 5, "steps": 64,
             "temperature": 0.5, "top_p": 0.9, "user": "somebody", "logprobs": null}
            """);
    assertThat(json.path("object").asText()).isEqualTo("text_completion");
    assertThat(json.path("id").asText()).startsWith("cmpl-");
    assertThat(json.path("seed").asLong()).isEqualTo(5);
    List<String> texts = new ArrayList<>();
    for (JsonNode choice : json.path("choices")) {
      assertThat(choice.path("index").asInt()).isEqualTo(texts.size());
      assertThat(choice.path("finish_reason").asText()).isEqualTo("length");
      texts.add("abc" + choice.path("text").asText());
    }
    assertThat(texts).isEqualTo(drawn("abc[MASK*]", 3, options));
    assertThat(json.path("usage").toString())
        .isEqualTo("{\"prompt_tokens\":3,\"completion_tokens\":24,\"total_tokens\":27}");
  }

  @Test
  void maxTokensSuffixAndEcho_areParts() throws Exception {
    String whole = drawn("ab[MASK*]ba", 1, SamplingOptions.defaults().seed(3)).get(0);
    JsonNode json =
        answer(
            """
            {"prompt": "ab", "suffix": "ba", "max_tokens": 4, "seed": 3, "echo": true}
            """);
    assertThat(json.at("/choices/0/text").asText()).isEqualTo(whole.substring(0, 6));
    assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(4);
  }

  @Test
  void stop_endsTheText() throws Exception {
    String whole = drawn("a[MASK*]", 1, SamplingOptions.defaults().seed(8)).get(0).substring(1);
    String stop = whole.substring(4, 6);
    String body = "{\"prompt\": \"a\", \"seed\": 8, \"stop\": [\"zz\", \"%s\"]%s}";
    JsonNode choice = answer(body.formatted(stop, "")).at("/choices/0");
    String expected = whole.substring(0, whole.indexOf(stop));
    assertThat(choice.path("text").asText()).isEqualTo(expected);
    assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
    TestServer.Answer streamed = server.post(PATH, body.formatted(stop, ", \"stream\": true"));
    assertThat(joined(streamed).get(0)).isEqualTo(expected);
  }

  @Test
  void prompts_mayBeSeveralAndTokens() throws Exception {
    String texts = answer("{\"prompt\": [\"ab\", \"cd\"], \"n\": 2, \"seed\": 4}").toString();
    String tokens = answer("{\"prompt\": [[1, 2], [3, 4]], \"n\": 2, \"seed\": 4}").toString();
    assertThat(choices(tokens)).isEqualTo(choices(texts)).hasSize(4);
    assertThat(choices(answer("{\"prompt\": [1, 2], \"seed\": 4}").toString()))
        .isEqualTo(choices(texts).subList(0, 1));
    assertThat(answer("{}").at("/choices/0/text").asText()).hasSize(TestServer.LENGTH);
  }

  private static List<String> choices(String json) throws IOException {
    List<String> texts = new ArrayList<>();
    TestServer.JSON.readTree(json).path("choices").forEach(c -> texts.add(c.path("text").asText()));
    return texts;
  }

  /** Samplers that change tokens again are told at the end; the others as they go. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ancestral(1000, cosine, argmax)",
        "confidence(2, 0)",
        "remask-cap(20, cosine, argmax, 0.2)"
      })
  void stream_joinsToTheWholeText(String sampler) throws Exception {
    String body =
        "{\"prompt\": \"ab\", \"n\": 2, \"seed\": 6, \"sampler\": \"%s\"%s}"
            .formatted(sampler, "%s");
    List<String> whole = choices(server.post(PATH, body.formatted("")).body());
    TestServer.Answer streamed =
        server.post(
            PATH,
            body.formatted(", \"stream\": true, \"stream_options\": {\"include_usage\": true}"));
    assertThat(streamed.response().headers().firstValue("Content-Type"))
        .hasValue("text/event-stream");
    assertThat(List.copyOf(joined(streamed).values())).isEqualTo(whole);
    List<String> data = streamed.data();
    assertThat(data.get(data.size() - 1)).isEqualTo("[DONE]");
    JsonNode usage = TestServer.JSON.readTree(data.get(data.size() - 2));
    assertThat(usage.at("/usage/total_tokens").asInt()).isEqualTo(2 + 18);
  }

  /** Returns the texts of a stream, by choice; each ends once. */
  private static Map<Integer, String> joined(TestServer.Answer streamed) throws IOException {
    Map<Integer, String> texts = new TreeMap<>();
    List<Integer> ended = new ArrayList<>();
    for (String data : streamed.data()) {
      if (!data.equals("[DONE]")) {
        for (JsonNode choice : TestServer.JSON.readTree(data).path("choices")) {
          int index = choice.path("index").asInt();
          assertThat(ended).doesNotContain(index);
          texts.merge(index, choice.path("text").asText(), String::concat);
          if (!choice.path("finish_reason").isNull()) {
            ended.add(index);
          }
        }
      }
    }
    assertThat(ended).hasSameSizeAs(texts.keySet());
    return texts;
  }
}
