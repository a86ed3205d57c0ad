// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.cli.TinyModel;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** A server in this Java, and a client of it. */
record TestServer(ServedModel served, ModelServer server, StringWriter log, HttpClient client)
    implements AutoCloseable {
  static final String NAME = "tiny";
  static final int LENGTH = 11;
  static final JsonMapper JSON = new JsonMapper();
  static final Tokenizer TOKENIZER = new Tokenizer.Characters(" abcdef");

  /** Limits with small bodies, and patience that a busy machine does not end. */
  static final ServeLimits QUICK =
      new ServeLimits(
          1 << 16, 64, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(20));

  static {
    // The JDK reads these once in a process, and the first server of a test may be an impatient
    // one.
    System.setProperty("sun.net.httpserver.maxReqTime", "120");
    System.setProperty("sun.net.httpserver.maxRspTime", "600");
  }

  /** An answer. */
  record Answer(int status, String body, HttpResponse<String> response) {
    JsonNode json() throws IOException {
      return JSON.readTree(body);
    }

    /** Checks that it is a refusal in one line, and returns its message. */
    String refusal(int expected) throws IOException {
      assertThat(status).as(body).isEqualTo(expected);
      assertThat(body).endsWith("\n").hasLineCount(1).doesNotContain("\\tat ", "Exception");
      JsonNode error = json().path("error");
      assertThat(error.path("message").asText())
          .isNotEmpty()
          .doesNotContain("`", "com.fasterxml", "StreamReadConstraints", "JsonReadFeature");
      return error.path("message").asText();
    }

    /** Checks that it is good. */
    void check() {
      assertThat(status).as(body).isEqualTo(200);
    }

    /** Checks that it is good, and returns its JSON. */
    JsonNode good() throws IOException {
      check();
      return json();
    }

    /** Returns the data of its events. */
    List<String> data() {
      return body.lines()
          .filter(line -> line.startsWith("data: "))
          .map(l -> l.substring(6))
          .toList();
    }
  }

  /** Starts a server of a model with random weights. */
  static TestServer start(Path folder) throws IOException {
    return start(folder, QUICK, BearerToken.none());
  }

  static TestServer start(Path folder, ServeLimits limits, BearerToken token) throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    return start(MaskedDiffusion.load(model), limits, token);
  }

  /** Starts a server of a model whose network is given. */
  static TestServer start(Denoiser denoiser, ServeLimits limits) throws IOException {
    MaskingSchedule schedule =
        new MaskingSchedule(new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON);
    MaskedDiffusion model = MaskedDiffusion.of(denoiser, schedule, TOKENIZER, LENGTH);
    return start(model, limits, BearerToken.none());
  }

  /** Starts a server of a model, which it closes. */
  static TestServer start(MaskedDiffusion model) throws IOException {
    return start(model, QUICK, BearerToken.none());
  }

  private static TestServer start(MaskedDiffusion model, ServeLimits limits, BearerToken token)
      throws IOException {
    SamplingOptions unnamed = SamplingOptions.defaults();
    SamplingOptions defaults = unnamed.withMethod(unnamed.method(model.generation()));
    ServedModel served = new ServedModel(model, NAME, LENGTH, 0, defaults, 17);
    StringWriter log = new StringWriter();
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ModelServer server =
        ModelServer.start(
            served, anyPort, limits, token, new ServeLog(new PrintWriter(log, true), false));
    return new TestServer(served, server, log, HttpClient.newHttpClient());
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  Answer get(String path, String... headers) throws IOException, InterruptedException {
    return send(with(HttpRequest.newBuilder(uri(path)), headers).GET().build());
  }

  Answer post(String path, String body, String... headers)
      throws IOException, InterruptedException {
    return send(request(path, body, headers));
  }

  HttpRequest request(String path, String body, String... headers) {
    boolean hasType = Stream.of(headers).anyMatch(each -> each.equals("Content-Type"));
    HttpRequest.Builder builder = with(HttpRequest.newBuilder(uri(path)), headers);
    return (hasType ? builder : builder.header("Content-Type", "application/json"))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static HttpRequest.Builder with(HttpRequest.Builder builder, String... headers) {
    return headers.length == 0 ? builder : builder.headers(headers);
  }

  Answer send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body(), response);
  }

  /** Returns a number of the metrics. */
  double metric(String line) throws IOException, InterruptedException {
    return get("/metrics")
        .body()
        .lines()
        .filter(each -> each.startsWith(line + " "))
        .mapToDouble(each -> Double.parseDouble(each.substring(line.length() + 1)))
        .findFirst()
        .orElse(Double.NaN);
  }

  @Override
  public void close() {
    server.close();
    served.model().close();
  }
}
