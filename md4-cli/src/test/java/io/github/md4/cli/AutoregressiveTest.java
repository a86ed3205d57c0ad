// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The autoregressive twin of a model shares loop, data and evaluation. */
final class AutoregressiveTest {
  @TempDir private Path folder;

  private JsonNode score(Path model, Object... more) {
    Object[] words =
        Ran.words("evaluate --device cpu --json --passes 3 --weights raw --model " + model, more);
    return md4(words).succeeded().json();
  }

  @Test
  void twin_trainsAndIsComparedWithDiffusion() throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    training.train("--set", "training.steps=40", "--set", "sampling.count=0").check();
    Path twin = folder.resolve("twin");
    String config = training.text().replace("model:\n", "model:\n  objective: autoregressive\n");
    Files.writeString(training.config(), config.replace("layers: 2}", "layers: 2, causal: true}"));
    String[] options = {
      "--set", "run=" + twin, "--set", "training.steps=40", "--set", "sampling.count=0"
    };
    Ran ran = training.train(options);
    ran.check();
    assertThat(ran.out()).contains("step 40: valid, raw weights: ");
    Path data = training.data("valid.bin");
    Path ofTwin = twin.resolve("checkpoints/step-40");
    Path ofDiffusion = training.run().resolve("checkpoints/step-40");
    JsonNode json = score(ofTwin, "--data", data);
    assertThat(json.path("kind").asText()).isEqualTo("exact");
    assertThat(json.path("estimator").asText()).isEqualTo("left to right");
    // A repeated line of eleven characters, after a few updates: below that of eight letters.
    assertThat(json.path("bitsPerToken").asDouble()).isBetween(0.0, 3.2);
    // Of one group of chunks it is an error of the data, since guesses from left to right have no
    // noise.
    assertThat(json.path("natsPerTokenStandardError").asDouble()).isBetween(1e-6, 0.1);
    Ran inSteps =
        md4(
            Ran.words(
                "evaluate --device cpu --weights raw --steps 10,inf --any-order --model",
                ofTwin,
                "--data",
                data));
    assertThat(inSteps.code()).isZero();
    assertThat(inSteps.err())
        .contains(
            "md4: --steps 10 has no effect on the value of this model, whose objective is autoregressive")
        .contains("md4: --any-order has no effect");
    Ran both =
        md4(
            Ran.words(
                "evaluate --device cpu --json --passes 3 --weights raw --steps 10,inf --any-order"
                    + " --model",
                ofDiffusion,
                "--data",
                data,
                "--compare",
                ofTwin));
    assertThat(both.code()).isZero();
    JsonNode compared = both.json();
    assertThat(compared.at("/compared/differences")).hasSize(3);
    assertThat(compared.at("/compared/estimates")).hasSize(1);
    JsonNode sample =
        md4(Ran.words("sample --count 1 --json --device cpu --weights raw --model", ofTwin))
            .succeeded()
            .json();
    assertThat(sample.path("text").asText()).hasSize(sample.path("tokens").size());
    md4(Ran.words("sample --count 1 --sampler euler --device cpu --weights raw --model", ofTwin))
        .failed(2, "where the model is autoregressive, sampler must be autoregressive: euler");
    md4(Ran.words(
            "sample --count 1 --sampler ancestral --device cpu --weights raw --model", ofTwin))
        .failed(2, "where the model is autoregressive, sampler must be autoregressive: ancestral");
    md4(Ran.words("sample --count 1 --steps 9 --device cpu --weights raw --model", ofTwin))
        .failed(2, "'--steps' has no effect with --sampler autoregressive");
    md4(Ran.words("serve --port 0 --steps 9 --device cpu --weights raw --model", ofTwin))
        .failed(2, "sampler autoregressive has no steps: 9");
    training
        .train("--set", "model.network.causal=false", "--set", "sampling.count=0")
        .failed(2, "network.causal must be true for the objective autoregressive");
  }
}
