// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.Precision;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.scoring.Gpt2Scorer;
import io.github.md4.train.data.document.Detokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GPT-2 as it is published, in the place of a model that is scored. */
final class Gpt2RowTest {
  private static final int POSITIONS = 16;
  private static final int END = 50_256;

  @TempDir private Path folder;
  private Path gpt2;
  private Path sets;

  @BeforeEach
  void write() throws IOException {
    gpt2 = new TinyGpt2(POSITIONS).write(folder.resolve("gpt2"), "transformer.", 1);
    sets = EvaluateSuiteTest.suite(folder);
  }

  /** The tokens of PTB's rows, each closed by the end of text. */
  private List<Integer> tokens() throws IOException {
    Tokenizer tokenizer = new Gpt2Tokenizer();
    List<Integer> tokens = new ArrayList<>();
    for (String line : Files.readAllLines(sets.resolve("ptb/ptb.test.txt"))) {
      String text = Detokenizer.PTB.apply(line.strip());
      Arrays.stream(tokenizer.encode(text)).forEach(tokens::add);
      tokens.add(END);
    }
    return tokens;
  }

  /** The mean loss over windows, token by token: what is given is what stands before it. */
  private double naive(List<Integer> tokens, int stride) throws IOException {
    Path longer = new TinyGpt2(POSITIONS + 1).write(folder.resolve("longer"), "", 1);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        Gpt2Scorer scorer = Gpt2Scorer.load(longer, manager, Precision.FLOAT32)) {
      double sum = 0;
      int scored = 0;
      for (int first = 0; first + POSITIONS <= tokens.size(); first += stride) {
        int[] window = new int[POSITIONS + 1];
        window[0] = END;
        for (int n = 0; n < POSITIONS; n++) {
          window[n + 1] = tokens.get(first + n);
        }
        int from = first == 0 ? 0 : POSITIONS - stride;
        for (int n = from; n < POSITIONS; n++) {
          int[] upTo = Arrays.copyOf(window, n + 1);
          sum += lastOf(scorer, upTo, window[n + 1]);
          scored++;
        }
      }
      return sum / scored;
    }
  }

  /** The loss of one token after others. */
  private static double lastOf(Gpt2Scorer scorer, int[] before, int token) {
    int[] sequence = Arrays.copyOf(before, before.length + 1);
    sequence[before.length] = token;
    double[] nats = scorer.crossEntropies(List.of(sequence))[0];
    return nats[nats.length - 1];
  }

  @Test
  @Tag("naive")
  void suite_scoresItAsAPlainLoopOverWindowsDoes() throws IOException {
    List<Integer> tokens = tokens();
    for (int stride : new int[] {POSITIONS, 5}) {
      JsonNode ptb =
          md4(words(
                  "evaluate --device cpu --suite zero-shot --json --batch-size 7"
                      + (stride == POSITIONS ? "" : " --stride " + stride),
                  "--model",
                  gpt2,
                  "--data-dir",
                  sets))
              .succeeded()
              .jsonLines()
              .get(1);
      assertThat(ptb.path("set").asText()).isEqualTo("PTB");
      assertThat(ptb.path("context").asInt()).isEqualTo(POSITIONS);
      assertThat(ptb.path("stride").asInt()).isEqualTo(stride);
      assertThat(ptb.path("rowTokens").asInt()).isEqualTo(tokens.size());
      int windows = (tokens.size() - POSITIONS) / stride + 1;
      assertThat(ptb.path("sequences").asInt()).isEqualTo(windows);
      assertThat(ptb.path("tokens").asInt()).isEqualTo(POSITIONS + (windows - 1) * stride);
      // Float32 logits of a few units, one sequence at a time or several.
      assertThat(ptb.at("/estimates/0/natsPerToken").asDouble())
          .isCloseTo(naive(tokens, stride), within(1e-5));
    }
  }

  @Test
  void report_namesContextAndStride() {
    Ran ran =
        md4(words(
                "evaluate --device cpu --suite zero-shot --stride 8",
                "--model",
                gpt2,
                "--data-dir",
                sets))
            .succeeded();
    assertThat(ran.out())
        .containsPattern("context +16 tokens, stride 8; each token is given those before it in its")
        .contains("PTB ", "LAMBADA ");
  }

  /** GPT-2 beside a model of masks, over one file of tokens. */
  @Test
  void compare_putsItBesideAModelOfMasks() throws IOException {
    Path text = folder.resolve("some.txt");
    Files.writeString(text, "of the company and the end of it\n".repeat(400));
    assertThat(md4("data", "tokens", "--from", text, "--out", folder.resolve("data")).code())
        .isZero();
    Path masks = new TinyModel(new Gpt2Tokenizer()).write(folder.resolve("masks"), 1);
    JsonNode both =
        md4(words(
                "evaluate --device cpu --json",
                "--model",
                masks,
                "--data",
                folder.resolve("data/train.bin"),
                "--compare",
                new TinyGpt2(TinyModel.LENGTH).write(folder.resolve("as-long"), "", 1),
                "--chunks",
                "20"))
            .succeeded()
            .jsonLines()
            .get(0);
    assertThat(both.toString()).contains("left to right").contains("difference");
  }

  @Test
  void wrongUses_areRefusedInOneLine() throws IOException {
    Path masks = new TinyModel(new Gpt2Tokenizer()).write(folder.resolve("masks"), 1);
    String suite = "evaluate --device cpu --suite zero-shot --data-dir " + sets + " --model ";
    md4(words(suite + masks + " --stride 3"))
        .failed(2, "--stride: a model of objective diffusion scores whole sequences");
    md4(words(suite + gpt2 + " --stride 17"))
        .failed(2, "--stride: must be in [1, 16], the model's length");
    md4(words(suite + gpt2 + " --stride 8 --protocol documents"))
        .failed(2, "goes with --protocol md4 or sedd: 8 with documents");
    md4(words("evaluate --device cpu --stride 8 --data x.bin --model", gpt2))
        .failed(2, "--stride needs --suite");
    Path config = gpt2.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("gelu_new", "relu"));
    md4(words(suite + gpt2)).failed(3, "activation_function is \"relu\"; only gelu_new");
  }
}
