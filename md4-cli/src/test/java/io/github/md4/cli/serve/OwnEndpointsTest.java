// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.ScoringOptions;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server has beyond OpenAI's API. */
final class OwnEndpointsTest {
  private static final String TEMPLATE =
      "{\"template\": \"ab[MASK*3]d\", \"seed\": 9, \"steps\": 50%s}";

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

  private static Sample expected() {
    return server
        .served()
        .model()
        .infill("ab[MASK*3]d", SamplingOptions.defaults().steps(50).seed(9));
  }

  @Test
  void infill_isTheSampleOfTheSeed() throws Exception {
    JsonNode json = server.post("/v1/infill", TEMPLATE.formatted("")).good();
    JsonNode sample = json.at("/samples/0");
    assertThat(sample.path("text").asText()).isEqualTo(expected().text());
    assertThat(sample.path("filled").toString()).isEqualTo("[2,3,4]");
    assertThat(sample.path("calls").asInt()).isEqualTo(expected().calls());
    String tokens = "{\"tokens\": [1, 2, null, null, null, 4], \"seed\": 9, \"steps\": 50}";
    assertThat(server.post("/v1/infill", tokens).good().path("samples"))
        .isEqualTo(json.path("samples"));
  }

  @Test
  void infill_streamsEachReveal() throws Exception {
    TestServer.Answer answer = server.post("/v1/infill", TEMPLATE.formatted(", \"stream\": true"));
    List<String> names = answer.body().lines().filter(line -> line.startsWith("event: ")).toList();
    assertThat(names)
        .containsExactly(
            "event: start", "event: reveal", "event: reveal", "event: reveal", "event: done");
    StringBuilder text = new StringBuilder(expected().text().replaceFirst("^..(...).$", "ab---d"));
    for (String data : answer.data().subList(1, 4)) {
      JsonNode reveal = TestServer.JSON.readTree(data);
      assertThat(reveal.path("probability").asDouble()).isBetween(0.0, 1.0);
      text.replace(
          reveal.path("position").asInt(),
          reveal.path("position").asInt() + 1,
          reveal.path("text").asText());
    }
    assertThat(text.toString()).isEqualTo(expected().text());
    JsonNode start = TestServer.JSON.readTree(answer.data().get(0));
    assertThat(start.path("start").toString()).isEqualTo("[\"a\",\"b\",null,null,null,\"d\"]");
    assertThat(TestServer.JSON.readTree(answer.data().get(4)).at("/samples/0/text").asText())
        .isEqualTo(expected().text());
  }

  @Test
  void score_isTheLibrarys() throws Exception {
    JsonNode json =
        server.post("/v1/score", "{\"text\": \"abc def\", \"seed\": 3, \"groups\": 4}").good();
    int[] tokens = server.served().tokenizer().encode("abc def");
    LikelihoodEstimate expected =
        server.served().model().score(tokens, ScoringOptions.defaults().seed(3).groups(4));
    assertThat(json.path("bitsPerToken").asDouble())
        .isCloseTo(expected.bitsPerToken(), within(1e-12));
    assertThat(json.path("bitsPerTokenStandardError").asDouble())
        .isCloseTo(expected.bitsPerTokenStandardError(), within(1e-12));
    assertThat(json.path("tokens").asInt()).isEqualTo(7);
  }

  @Test
  void models_haveTheirNames() throws Exception {
    JsonNode model = server.get("/v1/models").good().at("/data/0");
    assertThat(model.path("id").asText()).isEqualTo(TestServer.NAME);
    assertThat(model.path("length").asInt()).isEqualTo(TestServer.LENGTH);
    assertThat(server.get("/v1/models/tiny").good()).isEqualTo(model);
    assertThat(server.get("/v1/models/other").refusal(404)).contains("other");
  }

  @Test
  void health_isGood() throws Exception {
    assertThat(server.get("/health").good().path("status").asText()).isEqualTo("ok");
  }

  /** Each line is a comment, or a name with labels and a number, as Prometheus reads them. */
  @Test
  void metrics_countWhatWasDone() throws Exception {
    double before = server.metric("md4_tokens_total{kind=\"drawn\"}");
    server.post("/v1/infill", TEMPLATE.formatted("")).check();
    assertThat(server.metric("md4_tokens_total{kind=\"drawn\"}")).isEqualTo(before + 3);
    assertThat(server.metric("md4_http_requests_total{endpoint=\"/v1/infill\",status=\"200\"}"))
        .isPositive();
    assertThat(server.metric("md4_model_calls_total")).isPositive();
    assertThat(server.metric("md4_model_requests{state=\"running\"}")).isZero();
    assertThat(server.metric("process_resident_memory_bytes")).isGreaterThan(1e6);
    assertThat(server.get("/metrics").body().lines())
        .allMatch(
            line ->
                line.matches("# (HELP|TYPE) [a-z0-9_]+ .+")
                    || line.matches(
                        "[a-z0-9_]+(\\{([a-z]+=\"[^\"]*\",?)+})? -?[0-9.]+(E-?[0-9]+)?"));
  }
}
