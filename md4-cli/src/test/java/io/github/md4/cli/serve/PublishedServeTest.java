// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.sample.MaskedDiffusion;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The service, of models of each published family. */
final class PublishedServeTest {
  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");

  @ParameterizedTest
  @CsvSource({
    "mdlm, 1 2",
    "mdlm-time, 1 2",
    "d3pm, 1 2",
    "sedd, 1 2",
    "radd, 1 2",
    "bd3lm, 1 2",
    "llada, w1 w2",
    "llada-gqa, w1 w2",
    "llada-bf16, w1 w2",
    "dream, the cat",
    "a2d-qwen2, w1 w2"
  })
  void service_takesAPublishedModel(String family, String text) throws Exception {
    try (TestServer server = TestServer.start(MaskedDiffusion.load(PEERS.resolve(family)))) {
      String prompt = "\"prompt\": \"" + text + "\"";
      JsonNode completed =
          server.post("/v1/completions", "{\"max_tokens\": 3, \"seed\": 1, " + prompt + "}").good();
      assertThat(completed.path("choices")).hasSize(1);
      JsonNode infilled =
          server
              .post("/v1/infill", "{\"template\": \"" + text + " [MASK*2]\", \"seed\": 1}")
              .good();
      assertThat(infilled.toString()).contains(text);
      server.post("/v1/score", "{\"text\": \"" + text + "\"}").check();
    }
  }
}
