// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits of concurrency and time, and clients who go. */
@Timeout(120)
final class LimitsTest {
  private static final String PATH = "/v1/completions";
  private static final String BODY = "{\"steps\": 20%s}";

  /** Calls the network more often than a test has time for. */
  private static final String ENDLESS =
      "{\"sampler\": \"reference-ancestral(90000, cosine, argmax)\", \"prompt\": [%s]%s}";

  private static ServeLimits limits(int concurrency, Duration time, Duration grace) {
    return new ServeLimits(1 << 16, concurrency, Duration.ofSeconds(30), time, grace);
  }

  private static ServeLimits patient() {
    return limits(8, Duration.ofSeconds(100), Duration.ofSeconds(100));
  }

  private static CompletableFuture<HttpResponse<String>> later(TestServer server, String body) {
    return server
        .client()
        .sendAsync(server.request(PATH, body), HttpResponse.BodyHandlers.ofString());
  }

  private static String endless(int prompts, String more) {
    return ENDLESS.formatted("\"\",".repeat(prompts - 1) + "\"\"", more);
  }

  private static void awaitCalls(Slow network, int calls) throws InterruptedException {
    while (network.calls().get() < calls) {
      Thread.sleep(5);
    }
  }

  @Test
  void tooManyRequests_areRefused() throws Exception {
    Held network = new Held();
    try (TestServer server =
        TestServer.start(network, limits(1, Duration.ofSeconds(100), Duration.ofSeconds(20)))) {
      CompletableFuture<HttpResponse<String>> first = later(server, BODY.formatted(""));
      network.awaitCall();
      TestServer.Answer second = server.post(PATH, BODY.formatted(""));
      assertThat(second.refusal(429)).contains("try again later");
      assertThat(second.response().headers().firstValue("Retry-After")).hasValue("1");
      assertThat(server.get("/health").status()).isEqualTo(200);
      network.release();
      assertThat(first.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void longRequests_areEnded() throws Exception {
    try (TestServer server =
        TestServer.start(new Slow(10), limits(8, Duration.ofMillis(300), Duration.ofSeconds(20)))) {
      assertThat(server.post(PATH, endless(1, "")).refusal(504)).contains("deadline of 300 ms");
      TestServer.Answer streamed = server.post(PATH, endless(1, ", \"stream\": true"));
      assertThat(streamed.body()).contains("event: error\ndata: {\"error\":{\"message\":");
      assertThat(streamed.body()).doesNotContain("[DONE]");
    }
  }

  /** Neither one who waits for a whole answer nor one who reads a stream keeps the network busy. */
  @Test
  void clientsWhoGo_cancelTheirRequests() throws Exception {
    for (String stream : new String[] {"", ", \"stream\": true"}) {
      Slow network = new Slow(10);
      try (TestServer server = TestServer.start(network, patient())) {
        String body = endless(300, stream);
        try (Socket socket = open(server, body, body.length())) {
          awaitCalls(network, 2);
          assertThat(socket.isConnected()).isTrue();
        }
        while (server.metric("md4_model_requests{state=\"running\"}") > 0) {
          Thread.sleep(20);
        }
        while (server.metric("md4_http_requests_active") > 1) {
          Thread.sleep(5);
        }
        assertThat(server.log().toString()).isEmpty();
      }
    }
  }

  private static Socket open(TestServer server, String body, int length) throws IOException {
    Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.server().address().getPort());
    OutputStream out = socket.getOutputStream();
    String head =
        "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n";
    out.write((head.formatted(PATH, length) + body).getBytes(StandardCharsets.US_ASCII));
    out.flush();
    return socket;
  }

  @Test
  void slowBodies_areRefused() throws Exception {
    ServeLimits limits =
        new ServeLimits(
            1 << 16, 8, Duration.ofSeconds(1), Duration.ofSeconds(100), Duration.ofSeconds(20));
    try (TestServer server = TestServer.start(new Slow(0), limits);
        Socket socket = open(server, "{\"prompt\":", 100)) {
      socket.setSoTimeout(60_000);
      InputStream in = socket.getInputStream();
      StringBuilder answer = new StringBuilder();
      while (!answer.toString().endsWith("\n") || !answer.toString().contains("slow")) {
        int c = in.read();
        assertThat(c).as(answer.toString()).isNotNegative();
        answer.append((char) c);
      }
      assertThat(answer.toString())
          .startsWith("HTTP/1.1 408")
          .contains("the body must be here within 1000 ms");
      TestServer.Answer next = server.post(PATH, "{\"steps\": 1}");
      while (next.status() == 408) { // this machine was busy for a second
        next = server.post(PATH, "{\"steps\": 1}");
      }
      next.check();
    }
  }

  @Test
  void closing_letsRunningRequestsEnd() throws Exception {
    Held network = new Held();
    TestServer server = TestServer.start(network, patient());
    CompletableFuture<HttpResponse<String>> running = later(server, BODY.formatted(""));
    network.awaitCall();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
    while (server.get("/health").status() == 200) {
      Thread.sleep(5);
    }
    assertThat(server.post(PATH, "{}").refusal(503)).contains("closing");
    network.release();
    assertThat(running.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    closing.get(30, TimeUnit.SECONDS);
  }

  @Test
  void closing_endsWhatOutlastsTheGrace() throws Exception {
    Slow network = new Slow(10);
    TestServer server =
        TestServer.start(network, limits(8, Duration.ofSeconds(100), Duration.ofMillis(100)));
    CompletableFuture<HttpResponse<String>> running = later(server, endless(1, ""));
    awaitCalls(network, 1);
    server.close();
    int calls = network.calls().get();
    HttpResponse<String> answer = running.get(30, TimeUnit.SECONDS);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("closed").hasLineCount(1);
    assertThat(network.calls().get()).isEqualTo(calls);
  }

  /** A failure of the network is its own request's, is not told to clients, and is logged. */
  @Test
  void failures_areOneLineAndAreLogged() throws Exception {
    try (TestServer server =
        TestServer.start(
            (zt, condition, rows) -> {
              throw new UnsupportedOperationException("secrets of the house\n\tat x");
            },
            patient())) {
      assertThat(server.post(PATH, "{}").refusal(500)).doesNotContain("secrets");
      assertThat(server.log().toString()).contains("secrets of the house").hasLineCount(1);
    }
  }
}
