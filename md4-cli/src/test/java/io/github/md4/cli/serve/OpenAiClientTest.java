// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The official openai package of npm as a client; {@code scripts/openai-client.sh} fetches it. */
@Timeout(120)
final class OpenAiClientTest {
  @TempDir private Path folder;

  /** Returns the folder of node's packages that has it. */
  private static Optional<Path> packages() {
    String given = System.getenv().getOrDefault("NODE_PATH", "");
    return Stream.concat(Stream.of(given.split(":")).map(Path::of), fetched())
        .map(Path::toAbsolutePath)
        .filter(each -> Files.isDirectory(each.resolve("openai")))
        .findFirst();
  }

  private static Stream<Path> fetched() {
    return Stream.of(Path.of("target", "npm", "node_modules"));
  }

  private static boolean hasNode() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, "node")));
  }

  private JsonNode run(TestServer server, Path packages) throws Exception {
    Path script = Path.of(getClass().getResource("client.js").toURI());
    ProcessBuilder builder =
        new ProcessBuilder("node", script.toString(), server.uri("/").toString(), "secret");
    builder.environment().put("NODE_PATH", packages.toString());
    Process node = builder.redirectErrorStream(true).start();
    String out = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(node.waitFor()).as(out).isZero();
    return TestServer.JSON.readTree(out);
  }

  @Test
  void client_isServed() throws Exception {
    assumeTrue(hasNode(), "no node on the PATH: the openai package is not tried");
    Optional<Path> packages = packages();
    assumeTrue(packages.isPresent(), "no openai package: scripts/openai-client.sh fetches it");
    BearerToken token = BearerToken.read(Files.writeString(folder.resolve("token"), "secret\n"));
    try (TestServer server = TestServer.start(folder, TestServer.QUICK, token)) {
      JsonNode json = run(server, packages.get());
      assertThat(json.path("models").toString()).isEqualTo("[\"tiny\"]");
      assertThat(json.path("model").asText()).isEqualTo("tiny");
      for (int choice = 0; choice < 2; choice++) {
        String text = json.at("/whole/choices/" + choice + "/text").asText();
        assertThat(text).hasSize(6);
        assertThat(json.path("texts").path(choice).asText()).isEqualTo(text);
      }
      assertThat(json.path("usage")).isEqualTo(json.at("/whole/usage"));
      assertThat(json.at("/usage/total_tokens").asInt()).isEqualTo(14);
      JsonNode errors = json.path("errors");
      assertThat(errors.path(0).toString()).contains("NotFoundError", "404", "no model other");
      assertThat(errors.path(1).toString()).contains("BadRequestError", "400", "prompt:");
      assertThat(errors.path(2).toString()).contains("BadRequestError", "400", "n must be");
      assertThat(errors.path(3).toString()).contains("AuthenticationError", "401");
    }
  }
}
