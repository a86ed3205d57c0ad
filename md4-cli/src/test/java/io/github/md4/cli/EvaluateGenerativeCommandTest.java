// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvaluateGenerativeCommandTest {
  private static final int VOCABULARY = 50_257;

  @TempDir private Path folder;
  private Path scorer;
  private Path samples;

  /** A scorer of zeros: it gives every token the same probability. */
  @BeforeEach
  void write() throws IOException {
    scorer = scorer(folder);
    samples = samples(folder);
  }

  /** Writes a GPT-2 whose weights are zeros. */
  static Path scorer(Path folder) throws IOException {
    Path scorer = Files.createDirectories(folder.resolve("gpt2"));
    Files.writeString(
        scorer.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_layer": 1, "n_head": 1, "n_embd": 4, "n_positions": 6,
         "vocab_size": 50257, "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new"}
        """);
    List<NamedTensor> tensors = new ArrayList<>();
    zeros(tensors, "wte.weight", VOCABULARY, 4);
    zeros(tensors, "wpe.weight", 6, 4);
    for (String norm : List.of("h.0.ln_1", "h.0.ln_2", "ln_f")) {
      zeros(tensors, norm + ".weight", 4);
      zeros(tensors, norm + ".bias", 4);
    }
    zeros(tensors, "h.0.attn.c_attn.weight", 4, 12);
    zeros(tensors, "h.0.attn.c_attn.bias", 12);
    zeros(tensors, "h.0.attn.c_proj.weight", 4, 4);
    zeros(tensors, "h.0.attn.c_proj.bias", 4);
    zeros(tensors, "h.0.mlp.c_fc.weight", 4, 16);
    zeros(tensors, "h.0.mlp.c_fc.bias", 16);
    zeros(tensors, "h.0.mlp.c_proj.weight", 16, 4);
    zeros(tensors, "h.0.mlp.c_proj.bias", 4);
    SafeTensors.write(scorer.resolve("model.safetensors"), Map.of(), tensors);
    return scorer;
  }

  /** Writes two samples in GPT-2's tokens. */
  static Path samples(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("samples.jsonl"),
        """
            {"index": 0, "text": "Hello world", "tokens": [15496, 995, 995]}
            {"index": 1, "text": "the the the the the the the the", "tokens": [1, 1]}
            """);
  }

  private static void zeros(List<NamedTensor> tensors, String name, long... shape) {
    float[] values = new float[Math.toIntExact(new Shape(shape).size())];
    tensors.add(NamedTensor.floats(name, new Shape(shape), () -> FloatBuffer.wrap(values)));
  }

  private Ran generative(String options) {
    return md4(words("evaluate generative " + options, "--scorer", scorer, "--samples", samples));
  }

  @Test
  void samples_areScoredWithTheirDiversity() {
    JsonNode json = generative("--json --device cpu --batch-size 1").succeeded().json();
    // Float32 log-softmax of zeros.
    assertThat(json.path("perplexityOfAllTokens").asDouble()).isCloseTo(VOCABULARY, within(1.0));
    assertThat(json.path("meanOfPerplexities").asDouble()).isCloseTo(VOCABULARY, within(1.0));
    // "Hello", " world" and "the", " the" seven times, of which six tokens are kept.
    assertThat(json.path("tokens").asInt()).isEqualTo(1 + 5);
    assertThat(json.path("cut").asInt()).isEqualTo(2);
    double ofSecond = -(Math.log(1 / 6.0) + 5 * Math.log(5 / 6.0)) / 6;
    assertThat(json.path("entropy").asDouble())
        .isCloseTo((Math.log(2) + ofSecond) / 2, within(1e-12));
    assertThat(json.at("/distinct/0").asDouble()).isEqualTo(4 / 8.0);
    assertThat(json.path("how").asText()).isEqualTo("cpu, float32, texts encoded anew");
    Ran table = generative("--device cpu --ids").succeeded();
    assertThat(table.out())
        .startsWith("perplexity  ")
        .contains("\nentropy     ", "\ndistinct    ", "3 tokens scored", "the samples' own tokens");
  }

  @Test
  void badInput_isOneLine() throws IOException {
    generative("--ids --precision float16").failed(2, "precision must be float32 or bfloat16");
    Files.writeString(samples, "{\"text\": \"x\"}\n");
    generative("--ids").failed(3, "samples.jsonl: sample 1 has no \"tokens\"");
    generative("--device cpu").failed(3, "sample 1 has fewer than two tokens");
    Files.writeString(samples, "{\"tokens\": [1, 60000]}\n");
    generative("--ids --device cpu")
        .failed(3, "sample 1 has a token outside the scorer's vocabulary");
    Files.writeString(samples, "Hello\n");
    generative("").failed(3, "sample 1 is not JSON");
    Files.writeString(samples, "");
    generative("").failed(3, "has no samples");
    Files.delete(scorer.resolve("config.json"));
    Files.writeString(samples, "{\"text\": \"Hello world\"}\n");
    generative("--device cpu")
        .failed(3, "gpt2: has no config.json and model.safetensors; download");
    md4("evaluate", "generative", "--scorer", scorer).failed(2, "--samples");
    md4("evaluate", "generative", "--samples", folder).failed(2, "'--scorer=DIR'");
  }

  @Test
  void judge_isTheFormerNameOfScorer() {
    Ran help = md4("evaluate", "generative", "--help").succeeded();
    assertThat(help.out()).contains("--scorer").doesNotContain("--judge");
    md4("evaluate", "generative", "--judge", scorer).failed(2, "--samples");
    md4("evaluate", "generative", "--judge", scorer, "--samples", folder.resolve("none"))
        .failed(3, "no such file");
  }
}
