// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.ChildJvm;
import io.github.md4.cli.Main;
import io.github.md4.cli.Ran;
import io.github.md4.cli.TinyModel;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code md4 serve} as the shell sees it. */
@Timeout(120)
final class ServeProcessTest {
  @TempDir private Path folder;

  private static HttpRequest completion(String url, String body) {
    return HttpRequest.newBuilder(URI.create(url + "v1/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  /** A signal while a request runs: it is answered, and the process ends with 130. */
  @Test
  void signal_letsRunningRequestsEnd() throws Exception {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    String[] words =
        ("serve --device cpu --port 0 --read-timeout 1s --name small " + model).split(" ");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), words)) {
      String line = child.line();
      assertThat(line).matches("small at http://127\\.0\\.0\\.1:\\d+/ .*");
      String url = line.replaceFirst(".* at (http\\S+) .*", "$1");
      HttpClient client = HttpClient.newHttpClient();
      assertThat(status(client, completion(url, "{}"))).isEqualTo(200);
      slowHead(URI.create(url).getPort());
      CompletableFuture<HttpResponse<String>> running;
      int steps = 500;
      do { // on a busy machine a request may end before it is seen
        steps *= 2;
        String sampler = "reference-ancestral(%d, cosine, argmax)".formatted(steps);
        running =
            client.sendAsync(
                completion(url, "{\"n\": 2, \"sampler\": \"%s\"}".formatted(sampler)),
                HttpResponse.BodyHandlers.ofString());
      } while (!isSeenRunning(running, client, url));
      child.signal("TERM");
      HttpResponse<String> answer = running.get();
      assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503);
      assertThat(answer.body()).hasLineCount(1);
      assertThat(child.exitCode()).isEqualTo(130);
      assertThat(child.err()).matches("md4: closing; [^\n]*\n");
    }
  }

  private static int status(HttpClient client, HttpRequest request) throws Exception {
    int status = client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    return status == 408 ? status(client, request) : status; // the machine was busy for a second
  }

  private static boolean isSeenRunning(
      CompletableFuture<HttpResponse<String>> request, HttpClient client, String url)
      throws Exception {
    while (!request.isDone()) {
      if (metrics(client, url).contains("md4_model_requests{state=\"running\"} 1")) {
        return true;
      }
      Thread.sleep(10);
    }
    return false;
  }

  private static String metrics(HttpClient client, String url) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(url + "metrics")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** A client that never ends its head is cut off. */
  private static void slowHead(int port) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write("POST /v1/completions HTTP/1.1\r\nHo".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      socket.setSoTimeout(60_000);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void wrongOptions_areOneLine() throws Exception {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    String serve = "serve --device cpu ";
    Ran.md4(Ran.words(serve + "--port 70000", model)).failed(2, "'--port' must be in");
    Ran.md4(Ran.words(serve + "--host no.such.host.invalid", model)).failed(2, "--host");
    Ran.md4(Ran.words(serve + "--timeout 0s", model)).failed(2, "must be over 0s");
    Ran.md4(Ran.words(serve + "--timeout soon", model)).failed(2, "a time must be written like");
    Ran.md4(Ran.words(serve + "--sampler best", model)).failed(2, "'--sampler'");
    Ran.md4(Ran.words(serve + "--concurrency 0", model)).failed(2, "must be at least 1");
    Ran.md4(Ran.words(serve, folder.resolve("nothing"))).failed(3, "nothing");
    Ran.md4(Ran.words(serve + "--token-file", folder.resolve("none"), model))
        .failed(3, "there is no such file");
    Path empty = Files.writeString(folder.resolve("empty"), "\n");
    Ran.md4(Ran.words(serve + "--token-file", empty, model)).failed(3, "must hold a token");
    try (ServerSocket taken = new ServerSocket(0)) {
      Ran.md4(Ran.words(serve + "--port " + taken.getLocalPort(), model))
          .failed(1, "choose another with --port");
    }
  }
}
