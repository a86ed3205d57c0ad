// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are wrong: a 4xx with one line of JSON, and a server that works on. */
@Timeout(120)
final class BadRequestsTest {
  private static final String COMPLETIONS = "/v1/completions";

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

  /** Nothing is left running, nothing was thrown, and the next request is answered. */
  @AfterEach
  void serverWorksOn() throws Exception {
    assertThat(server.log().toString()).isEmpty();
    server.post(COMPLETIONS, "{\"prompt\": \"a\", \"steps\": 2}").check();
    while (server.metric("md4_http_requests_active") > 1) { // this one
      Thread.sleep(5); // an answer is heard a little before it counts as given
    }
    assertThat(server.metric("md4_model_requests{state=\"running\"}")).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"prompt\": \"a\"                        | it ends before all of its texts, arrays and objects do (line 1, column",
        "{\"prompt\": \"a                          | it ends before all of its texts, arrays and objects do (line 1, column",
        "{\"prompt\": [\"a\"                       | it ends before all of its texts, arrays and objects do (line 1, column",
        "{\"prompt\":: \"a\"}                      | the body is no JSON: ':' must not stand there (line 1, column 11)",
        "{\"prompt\": a}                           | the body is no JSON",
        "{\"prompt\": \"[MASK*2]\"}                | /v1/infill takes texts with holes",
        "`                                       ` | must be a JSON object",
        "[1, 2]                                    | must be a JSON object",
        "null                                      | must be a JSON object",
        "{\"prompt\": \"a\"} {}                    | the body is no JSON",
        "{\"n\": 1, \"n\": 2}                      | Duplicate",
        "{\"prompt\": NaN}                         | the body is no JSON",
        "{\"n\": 123456789012345678901234567890123456789012345} | Number value length",
        "{\"prompt\": 7}                           | prompt must be",
        "{\"prompt\": true}                        | prompt must be",
        "{\"prompt\": []}                          | prompt must be",
        "{\"prompt\": [1, \"a\"]}                  | number 1 is none",
        "{\"prompt\": [7]}                         | whole numbers in [0, 7)",
        "{\"prompt\": [-1]}                        | whole numbers in [0, 7)",
        "{\"prompt\": [1.5]}                       | whole numbers in [0, 7)",
        "{\"prompt\": [null]}                      | prompt must be",
        "{\"prompt\": [[]]}                        | array of 1 to 11 tokens",
        "{\"prompt\": \"xyz\"}                     | prompt:",
        "{\"prompt\": \"aaaaaaaaaaa\"}             | sequences of 11 tokens",
        "{\"prompt\": \"aaaaaaaaaaaaaaaaaaaaaaa\"} | sequences of 11 tokens",
        "{\"prompt\": \"aaaa\", \"max_tokens\": 8} | which leaves 7",
        "{\"suffix\": \"aaaaaaaaaaa\"}             | sequences of 11 tokens",
        "{\"suffix\": 7}                           | suffix must be a text: 7",
        "{\"max_tokens\": 0}                       | max_tokens must be",
        "{\"max_tokens\": \"many\"}                | max_tokens must be",
        "{\"n\": 0}                                | n must be a whole number in [1, 128]: 0",
        "{\"n\": 1.5}                              | n must be",
        "{\"n\": 129}                              | n must be",
        "{\"n\": 99999999999}                      | n must be",
        "{\"n\": 128, \"prompt\": [\"\",\"\",\"\",\"\",\"\"]} | n times the number of prompts",
        "{\"temperature\": -1}                     | temperature must be",
        "{\"temperature\": \"hot\"}                | temperature must be",
        "{\"temperature\": 1e999}                  | temperature must be",
        "{\"temperature\": 1e-400}                 | temperature must be",
        "{\"top_p\": 0}                            | top_p must be a number in (0.0, 1.0]",
        "{\"top_p\": 1.1}                          | top_p must be",
        "{\"top_k\": 0}                            | top_k must be",
        "{\"seed\": 1.5}                           | seed must be",
        "{\"seed\": 99999999999999999999}          | seed must be",
        "{\"steps\": 0}                            | steps must be",
        "{\"steps\": 100001}                       | steps must be",
        "{\"sampler\": \"best\"}                   | best",
        "{\"sampler\": \"ancestral(2000000000, cosine, argmax)\"} | numbers of sampler",
        "{\"sampler\": \"confidence(1, 0)\", \"steps\": 9} | has no steps",
        "{\"stream\": \"yes\"}                     | stream must be true or false",
        "{\"stream_options\": 3}                   | stream_options must be an object",
        "{\"stream_options\": {\"other\": 3}}      | unknown field: other",
        "{\"stop\": 7}                             | stop must be",
        "{\"stop\": [\"\"]}                        | stop must be",
        "{\"stop\": [7]}                           | stop must be",
        "{\"best_of\": 3}                          | best_of is not supported",
        "{\"logprobs\": 3}                         | logprobs is not supported",
        "{\"logit_bias\": {\"3\": 100}}            | logit_bias is not supported",
        "{\"presence_penalty\": 1}                 | presence_penalty is not supported",
        "{\"max_token\": 3}                        | did you mean max_tokens?",
        "{\"nonsense\": 3}                         | unknown field: nonsense",
        "{\"echo\": 1}                             | echo must be true or false",
      })
  void completions_areRefused(String body, String message) throws Exception {
    assertThat(server.post(COMPLETIONS, body).refusal(400))
        .contains(message)
        .doesNotContain("Source", "JsonReadFeature", "parser");
    if (body.startsWith("{\"") && body.endsWith("}")) { // as a stream, before it begins
      String streamed = body.substring(0, body.length() - 1) + ", \"stream\": true}";
      if (!body.contains("stream")) {
        assertThat(server.post(COMPLETIONS, streamed).refusal(400)).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v1/infill | {}                                              | template or tokens",
        "/v1/infill | {\"template\": \"\"}                            | at least one token",
        "/v1/infill | {\"template\": \"[MASK\"}                       | a hole must be",
        "/v1/infill | {\"template\": \"[MASK*0]\"}                    | at least one mask",
        "/v1/infill | {\"template\": \"[MASK*99]\"}                   | must not exceed",
        "/v1/infill | {\"template\": \"[MASK*6]abc[MASK*6]\"}         | at most the model's 11",
        "/v1/infill | {\"template\": \"q[MASK]\"}                     | 'q'",
        "/v1/infill | {\"template\": [\"a\"]}                         | template must be a text",
        "/v1/infill | {\"template\": \"a\", \"tokens\": [1]}          | exclude each other",
        "/v1/infill | {\"template\": \"abc\"}                         | must have a hole",
        "/v1/infill | {\"tokens\": [0,1]}                             | must have a hole: null",
        "/v1/infill | {\"tokens\": []}                                | 1 to 11 tokens",
        "/v1/infill | {\"tokens\": [1,1,1,1,1,1,1,1,1,1,1,1]}         | 1 to 11 tokens",
        "/v1/infill | {\"tokens\": [7]}                               | whole numbers in",
        "/v1/infill | {\"tokens\": {\"a\": 1}}                        | 1 to 11 tokens",
        "/v1/infill | {\"template\": \"[MASK]\", \"label\": -1}       | label must be",
        "/v1/infill | {\"template\": \"[MASK]\", \"label\": 3}        | class",
        "/v1/infill | {\"template\": \"[MASK]\", \"prompt\": \"\"}    | unknown field: prompt",
        "/v1/score  | {}                                              | text or tokens",
        "/v1/score  | {\"text\": \"\"}                                | 1 to 11 tokens",
        "/v1/score  | {\"text\": \"aaaaaaaaaaaa\"}                    | 1 to 11 tokens",
        "/v1/score  | {\"text\": \"xyz\"}                             | 'x'",
        "/v1/score  | {\"text\": 3}                                   | text must be a text",
        "/v1/score  | {\"text\": \"a\", \"groups\": 1}                | groups must be",
        "/v1/score  | {\"text\": \"a\", \"groups\": 1025}             | groups must be",
        "/v1/score  | {\"tokens\": [null]}                            | number 0 is none",
      })
  void ownEndpoints_refuse(String path, String body, String message) throws Exception {
    assertThat(server.post(path, body).refusal(400)).containsIgnoringCase(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/completions", "/v1/infill", "/v1/score"})
  void unknownModels_areNotFound(String path) throws Exception {
    TestServer.Answer answer = server.post(path, "{\"model\": \"gpt-9\", \"prompt\": \"a\"}");
    assertThat(answer.refusal(404)).contains("gpt-9", "tiny");
    assertThat(answer.json().at("/error/code").asText()).isEqualTo("model_not_found");
  }

  /** Chunks of a size that is none, and a body that ends before its length. */
  @ParameterizedTest
  @CsvSource({
    "Transfer-Encoding: chunked, zz_{}_0__",
    "Transfer-Encoding: chunked, -5_{}_0__",
    "Transfer-Encoding: chunked, 18_{",
    "Content-Length: 50, {",
  })
  void brokenBodies_areRefused(String header, String body) throws Exception {
    int port = server.server().address().getPort();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(60_000);
      String request =
          "POST /v1/infill HTTP/1.1_Host: x_Content-Type: application/json_%s__%s"
              .formatted(header, body)
              .replace("_", "\r\n");
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 400 ").contains("{\"error\":{\"message\":\"the body");
    }
  }

  @Test
  void nestedJson_isRefused() throws Exception {
    String deep = "[".repeat(20_000) + "]".repeat(20_000);
    assertThat(server.post(COMPLETIONS, "{\"prompt\": " + deep + "}").refusal(400))
        .contains("nesting depth");
  }

  @Test
  void invalidUtf8_isRefused() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.uri(COMPLETIONS))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {'{', '"', (byte) 0xff, '"'}))
            .build();
    assertThat(server.send(request).refusal(400)).isNotEmpty();
  }

  @Test
  void longValues_areShownShortened() throws Exception {
    String message =
        server.post(COMPLETIONS, "{\"n\": \"" + "z".repeat(50_000) + "\"}").refusal(400);
    assertThat(message).contains("zzz...").hasSizeLessThan(200);
    assertThat(server.post(COMPLETIONS, "{\"model\": \"" + "z".repeat(50_000) + "\"}").refusal(404))
        .hasSizeLessThan(200);
  }

  @Test
  void hugeBodies_areRefused() throws Exception {
    String body = "{\"prompt\": \"" + "a".repeat(TestServer.QUICK.body()) + "\"}";
    assertThat(server.post(COMPLETIONS, body).refusal(413)).contains("65,536 bytes");
  }

  /** Without a Content-Length the end of a body is not known before. */
  @Test
  void hugeBodiesInPieces_areRefused() throws Exception {
    byte[] body = new byte[3 * TestServer.QUICK.body()];
    HttpRequest request =
        HttpRequest.newBuilder(server.uri(COMPLETIONS))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new java.io.ByteArrayInputStream(body)))
            .build();
    assertThat(server.send(request).refusal(413)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx"})
  void otherTypes_areRefused(String type) throws Exception {
    assertThat(server.post(COMPLETIONS, "{}", "Content-Type", type).refusal(415))
        .contains("application/json");
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /health, 405, GET",
    "POST, /metrics, 405, GET",
    "POST, /, 405, GET",
    "GET, /v1/completions, 405, POST",
    "PUT, /v1/infill, 405, POST",
    "DELETE, /v1/models/tiny, 405, GET",
    "OPTIONS, /v1/completions, 405, POST",
    "GET, /v1, 404, ",
    "GET, /v1/completions/, 404, ",
    "POST, /v1/chat/completions, 404, ",
    "GET, /../../etc/passwd, 404, ",
    "GET, /%2e%2e/x, 404, ",
  })
  void wrongPathsAndMethods_areRefused(String method, String path, int status, String allowed)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.uri(path))
            .method(method, HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    TestServer.Answer answer = server.send(request);
    assertThat(answer.refusal(status)).isNotEmpty();
    assertThat(answer.response().headers().firstValue("Allow").orElse(null)).isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource(
      value = {"NULL", "Bearer", "Bearer wrong", "Bearer secretly", "Basic secret", "secret"},
      nullValues = "NULL")
  void wrongTokens_areRefused(String header) throws Exception {
    BearerToken token = BearerToken.read(Files.writeString(folder.resolve("token"), "secret\n"));
    try (TestServer guarded = TestServer.start(folder, TestServer.QUICK, token)) {
      String[] headers = header == null ? new String[0] : new String[] {"Authorization", header};
      for (String path : new String[] {COMPLETIONS, "/v1/infill", "/v1/score"}) {
        assertThat(guarded.post(path, "{}", headers).refusal(401)).contains("Authorization");
      }
      for (String path : new String[] {"/metrics", "/v1/models", "/v1/models/tiny"}) {
        assertThat(guarded.get(path, headers).refusal(401)).isNotEmpty();
      }
      assertThat(guarded.get("/health").status()).isEqualTo(200);
      assertThat(guarded.get("/").status()).isEqualTo(200);
      guarded.post(COMPLETIONS, "{}", "Authorization", "Bearer secret").check();
    }
  }

  /** What is no HTTP is cut off or answered by the server of the JDK, with a 400. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET http://[ HTTP/1.1\r\n\r\n",
        "POST /v1/score HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/score HTTP/1.1\r\nContent-Length: x\r\n\r\n",
      })
  void whatIsNoHttp_holdsUpNothing(String text) throws Exception {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.server().address().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      socket.shutdownOutput();
      socket.setSoTimeout(60_000);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).doesNotContain("\tat ");
      assertThat(answer.isEmpty() || answer.startsWith("HTTP/1.1 400")).as(answer).isTrue();
    }
  }
}
