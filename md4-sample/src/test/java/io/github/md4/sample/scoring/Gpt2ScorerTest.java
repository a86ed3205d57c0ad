// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against {@code gpt2-golden.json}; the scripts beside it say how it was made. */
final class Gpt2ScorerTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final JsonObject golden = golden();

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    SmallGpt2.write(folder, "");
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static JsonObject golden() {
    try (InputStream in = Gpt2ScorerTest.class.getResourceAsStream("gpt2-golden.json")) {
      return JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .getAsJsonObject();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private int[] tokens() {
    return IntStream.range(0, golden.getAsJsonArray("tokens").size())
        .map(i -> golden.getAsJsonArray("tokens").get(i).getAsInt())
        .toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "transformer."})
  @Tag("golden")
  void logits_areThoseOfTheReference(String prefix) throws IOException {
    SmallGpt2.write(folder, prefix);
    try (Gpt2Scorer scorer = Gpt2Scorer.load(folder, manager, Precision.FLOAT32);
        NDArray logits = scorer.logits(manager, tokens())) {
      float[] actual = logits.toFloatArray();
      JsonArray rows = golden.getAsJsonArray("logits");
      for (int n = 0; n < rows.size(); n++) {
        for (int v = 0; v < SmallGpt2.VOCABULARY; v++) {
          // float32 against float64.
          assertThat((double) actual[n * SmallGpt2.VOCABULARY + v])
              .isCloseTo(rows.get(n).getAsJsonArray().get(v).getAsDouble(), within(5e-6));
        }
      }
    }
  }

  /** From the reference's logits by plain loops; and a shorter sequence beside a longer one. */
  @Test
  @Tag("golden")
  void crossEntropies_areOfTheNextToken() throws IOException {
    int[] tokens = tokens();
    try (Gpt2Scorer scorer = Gpt2Scorer.load(folder, manager, Precision.FLOAT32)) {
      double[][] nats = scorer.crossEntropies(List.of(Arrays.copyOf(tokens, 4), tokens));
      assertThat(nats[0]).hasSize(3);
      assertThat(nats[1]).hasSize(tokens.length - 1);
      for (int n = 0; n + 1 < tokens.length; n++) {
        JsonArray row = golden.getAsJsonArray("logits").get(n).getAsJsonArray();
        double sum = 0;
        for (int v = 0; v < SmallGpt2.VOCABULARY; v++) {
          sum += Math.exp(row.get(v).getAsDouble());
        }
        double expected = Math.log(sum) - row.get(tokens[n + 1]).getAsDouble();
        assertThat(nats[1][n]).isCloseTo(expected, within(1e-5));
        if (n < 3) {
          assertThat(nats[0][n]).isCloseTo(expected, within(1e-5));
        }
      }
      assertThat(scorer.positions()).isEqualTo(16);
    }
  }

  @Test
  void bfloat16_isClose() throws IOException {
    try (Gpt2Scorer exact = Gpt2Scorer.load(folder, manager, Precision.FLOAT32);
        Gpt2Scorer rough = Gpt2Scorer.load(folder, manager, Precision.BFLOAT16)) {
      double[] a = exact.crossEntropies(List.of(tokens()))[0];
      double[] b = rough.crossEntropies(List.of(tokens()))[0];
      for (int n = 0; n < a.length; n++) {
        assertThat(b[n]).isCloseTo(a[n], within(0.1)); // 8 bits of mantissa
      }
      assertThat(b).isNotEqualTo(a);
    }
  }

  @Test
  void crossEntropies_leaveNothingBehind() throws IOException {
    try (Gpt2Scorer scorer = Gpt2Scorer.load(folder, manager, Precision.FLOAT32)) {
      double[][] first = scorer.crossEntropies(List.of(tokens()));
      assertThat(scorer.crossEntropies(List.of(tokens()))).isDeepEqualTo(first);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> scorer.crossEntropies(List.of(new int[17])))
          .withMessage("a sequence must have 2 to 16 tokens: 17");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> scorer.crossEntropies(List.of(new int[] {1, 20})))
          .withMessage("a token must be in [0, 20): 20");
    }
  }

  @Test
  void absentFiles_areOneLineThatSaysWhatToDownload() {
    assertThatThrownBy(() -> Gpt2Scorer.load(folder.resolve("nowhere"), manager, Precision.FLOAT32))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("has no config.json and model.safetensors; download both of gpt2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"n_layer\": 2 | \"n_layer\": 3 | must have h.2.ln_1.weight (8)",
        "\"n_embd\": 8 | \"n_embd\": 12 | must have wte.weight (20, 12)",
        "\"n_head\": 2 | \"n_head\": 3 | heads must divide width: 3, 8",
        "gelu_new | relu | activation_function must be \"gelu_new\": \"relu\"",
        "\"n_layer\": 2, | '' | is no config.json of a GPT-2",
        "{ | [ | is no config.json of a GPT-2",
      })
  void otherNetworks_areRefused(String from, String to, String expected) throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace(from, to));
    assertThatThrownBy(() -> Gpt2Scorer.load(folder, manager, Precision.FLOAT32))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining(expected);
  }
}
