// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 64 clients at once, who ask for everything there is, wrong requests too. {@code scripts/soak.sh}
 * gives them more requests.
 */
@Timeout(600)
final class SoakTest {
  private static final int CLIENTS = 64;
  private static final int EACH = Integer.getInteger("md4.soak.requests", 3);
  private static final int ROUNDS = 4;

  /** A place is free again a moment after the answer, so that there must be more of them. */
  private static final ServeLimits LIMITS = ServeLimits.defaults();

  /** Few requests still meet new sizes of calls and new threads, each with memory of its own. */
  private static final long MOST_MIB = EACH < 40 ? 200 : 40;

  @TempDir private Path folder;

  @Test
  void clients_areAnsweredAndAlike() throws Exception {
    try (TestServer server = TestServer.start(folder, LIMITS, BearerToken.none())) {
      String expected = text(server, 5);
      List<Long> memory = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        double seconds = round(server, expected);
        memory.add(nativeMib());
        System.out.printf(
            "%d clients of %d requests: %.1f requests/s, native memory %d MiB%n",
            CLIENTS, EACH, CLIENTS * EACH / seconds, memory.get(round));
      }
      while (server.metric("md4_http_requests_active") > 1) {
        Thread.sleep(5);
      }
      assertThat(server.metric("md4_model_requests{state=\"running\"}")).isZero();
      assertThat(server.metric("md4_model_positions")).isZero();
      assertThat(server.log().toString()).isEmpty();
      assertThat(memory.get(ROUNDS - 1) - memory.get(1)).as("%s MiB", memory).isLessThan(MOST_MIB);
    }
  }

  /** Lets all clients ask, and returns the seconds that it took. */
  private static double round(TestServer server, String expected) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    List<Callable<Void>> clients = new ArrayList<>();
    for (int c = 0; c < CLIENTS; c++) {
      int number = c;
      clients.add(
          () -> {
            for (int i = 0; i < EACH; i++) {
              ask(server, number + i, expected);
            }
            return null;
          });
    }
    long start = System.nanoTime();
    for (Future<Void> client : threads.invokeAll(clients)) {
      assertThat(client.get()).isNull();
    }
    threads.shutdown();
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Returns the memory of the process without Java's heap. */
  private static long nativeMib() throws IOException {
    System.gc();
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", 3)[1];
    return ((Long.parseLong(pages) << 12) - Runtime.getRuntime().totalMemory()) >> 20;
  }

  private static String text(TestServer server, long seed) throws Exception {
    String body = "{\"prompt\": \"ab\", \"steps\": 16, \"seed\": %d}".formatted(seed);
    JsonNode json = server.post("/v1/completions", body).good();
    return json.at("/choices/0/text").asText();
  }

  /** Whatever the others do, a seed has its text. */
  private static void ask(TestServer server, int number, String expected) throws Exception {
    switch (number % 6) {
      case 0 -> assertThat(text(server, 5)).isEqualTo(expected);
      case 1 ->
          assertThat(
                  server
                      .post("/v1/completions", "{\"n\": 3, \"steps\": 9, \"stream\": true}")
                      .data())
              .endsWith("[DONE]");
      case 2 ->
          assertThat(
                  server
                      .post("/v1/infill", "{\"template\": \"a[MASK*4]\", \"stream\": true}")
                      .body())
              .contains("event: done");
      case 3 -> server.post("/v1/score", "{\"text\": \"abc\", \"groups\": 2}").check();
      case 4 -> assertThat(server.post("/v1/completions", "{\"n\":").refusal(400)).isNotEmpty();
      default -> assertThat(server.get("/metrics").status()).isEqualTo(200);
    }
  }
}
