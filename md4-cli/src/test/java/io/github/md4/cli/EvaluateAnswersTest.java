// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.Precision;
import io.github.md4.core.likelihood.AnswerLikelihood;
import io.github.md4.core.likelihood.AnswerLikelihood.Estimate;
import io.github.md4.core.likelihood.AnswerMasks;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The likelihood of answers after their prompts. */
final class EvaluateAnswersTest {
  private static final String ITEMS =
      """
      {"prompt": "abc ", "answer": "def"}

      {"prompt": "", "answers": ["ab", "fedcba", "c c"], "correct": 2}
      {"prompt": [1, 2], "answers": [[3, 4, 5], [6]], "correct": 0}
      """;

  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");

  @TempDir private Path folder;
  private Path model;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    file = Files.writeString(folder.resolve("items.jsonl"), "\uFEFF" + ITEMS);
  }

  private Ran answers(String options) {
    return md4(
        words("evaluate answers --device cpu --model " + model + " --from " + file + options));
  }

  @Test
  @Tag("exact")
  void values_areThoseOfTheLibrary() throws IOException {
    JsonNode json =
        answers(" --json --rounds 3 --draws 5 --seed 9 --masks times").succeeded().json();
    int[][] prompts = {{1, 2, 3}, {}, {}, {}, {1, 2}, {1, 2}};
    int[][] texts = {{0, 4, 5, 6}, {1, 2}, {6, 5, 4, 3, 2, 1}, {3, 0, 3}, {3, 4, 5}, {6}};
    double[] nats = new double[texts.length];
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        SavedModel loaded = SavedModel.load(model, Weights.EMA, manager, Precision.FLOAT32)) {
      AnswerLikelihood likelihood =
          new AnswerLikelihood(
              loaded.description().tokenSpace(),
              loaded
                  .schedule()
                  .match(Optional::of, x -> Optional.<MaskingSchedule>empty())
                  .orElseThrow());
      AnswerLikelihood.Settings settings =
          new AnswerLikelihood.Settings(AnswerMasks.TIMES, new Noise(9), 3, 5);
      for (int i = 0; i < texts.length; i++) {
        AnswerLikelihood.Pair pair = new AnswerLikelihood.Pair(prompts[i], texts[i]);
        Estimate estimate = likelihood.estimate(manager, loaded.denoiser(), pair, settings, i);
        nats[i] = estimate.nats();
        JsonNode ours = json.path("answers").path(i);
        assertThat(ours.path("nats").asDouble()).isCloseTo(estimate.nats(), within(1e-4));
        assertThat(ours.path("natsStandardError").asDouble())
            .isCloseTo(estimate.standardError(), within(1e-4));
        assertThat(ours.path("tokens").asInt()).isEqualTo(texts[i].length);
      }
    }
    assertThat(json.path("natsPerToken").asDouble())
        .isCloseTo((nats[0] + nats[3] + nats[4]) / 10, within(1e-4));
    int right = (nats[3] < Math.min(nats[1], nats[2]) ? 1 : 0) + (nats[4] < nats[5] ? 1 : 0);
    assertThat(json.path("accuracy").asDouble()).isEqualTo(right / 2.0);
    boolean isLeast = nats[3] / 3 < Math.min(nats[1] / 2, nats[2] / 6);
    int byBytes = (isLeast ? 1 : 0) + (nats[4] / 3 < nats[5] ? 1 : 0);
    assertThat(json.path("accuracyPerByte").asDouble()).isEqualTo(byBytes / 2.0);
    assertThat(json.path("answers").path(3).path("line").asInt()).isEqualTo(3);
    assertThat(json.path("answers").path(3).path("isCorrect").asBoolean()).isTrue();
  }

  @Test
  void report_saysHow() {
    assertThat(answers("").succeeded().out())
        .contains("3 right ones, each after its prompt")
        .contains("counts, 8 rounds of 16 draws, prompt guidance 0.0, softmax over tokens, seed 0")
        .contains("of 2 choices");
    String guided = answers(" --json --prompt-guidance 1.5").succeeded().out();
    assertThat(guided).isNotEqualTo(answers(" --json").succeeded().out());
    assertThat(guided).isEqualTo(answers(" --json --prompt-guidance 1.5").succeeded().out());
  }

  @Test
  void out_hasTheAnswersOfTheReport() throws IOException {
    Path lines = Files.writeString(folder.resolve("lines.jsonl"), "of another time");
    JsonNode report = answers(" --json --rounds 2 --out " + lines).succeeded().json();
    List<JsonNode> written = lines(lines);
    assertThat(written).hasSize(6);
    for (int i = 0; i < written.size(); i++) {
      assertThat(written.get(i)).isEqualTo(report.path("answers").path(i));
    }
    Path nowhere = Files.createFile(folder.resolve("none")).resolve("lines.jsonl");
    answers(" --out " + nowhere).failed(2, nowhere.toString());
  }

  @Test
  @Tag("slow")
  void out_hasWhatWasScoredWhenTheCommandIsStopped() throws Exception {
    InterruptsTest.assumeHeard("INT");
    String longest = "{\"prompt\": \"\", \"answer\": \"abcdefabcde\"}\n";
    Files.writeString(file, "{\"prompt\": \"a\", \"answer\": \"b\"}\n" + longest.repeat(100_000));
    Path lines = folder.resolve("lines.jsonl");
    String line =
        "evaluate answers --device cpu --rounds 1 --draws 1 --model %s --from %s --out %s";
    String[] args = line.formatted(model, file, lines).split(" ");
    try (ChildJvm child = ChildJvm.start(Main.class, Map.of(), args)) {
      while (child.isAlive() && (!Files.exists(lines) || Files.size(lines) == 0)) {
        Thread.sleep(20);
      }
      child.signal("INT");
      assertThat(child.exitCode()).as(child.lastWords()).isEqualTo(130);
    }
    assertThat(lines(lines)).hasSizeBetween(1, 99_999);
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      all.add(new JsonMapper().readTree(line));
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense | line 1: is not JSON",
        "{\"prompt\": \"a\"} | line 1: must have prompt and answer",
        "{\"answer\": \"a\"} | line 1: must have prompt and answer",
        "{\"prompt\": \"a\", \"answer\": \"\"} | line 1: the answer has no tokens of its own",
        "{\"prompt\": \"a\", \"answer\": []} | line 1: the answer must have a token",
        "{\"prompt\": \"a\", \"answer\": [7]} | a token must be in [0, 7): 7",
        "{\"prompt\": \"a\", \"answer\": [true]} | a token must be in [0, 7): true",
        "{\"prompt\": \"a\", \"answer\": 3} | line 1: must have prompt and answer",
        "{\"prompt\": \"a\", \"answer\": \"x\"} | line 1: ",
        "{\"prompt\": \"abcabcabc\", \"answer\": \"abc\"} | at most the model's 11 tokens: 12",
        "{\"prompt\": \"a\", \"answers\": [\"b\"], \"correct\": 0} | must have prompt and answer",
        "{\"prompt\": \"a\", \"answers\": [\"b\", \"c\"]} | must have prompt and answer",
        "{\"prompt\": \"a\", \"answers\": [\"b\", \"c\"], \"correct\": 2} | correct must be in [0, 2)",
        "{\"prompt\": \"a\", \"answers\": [\"b\", \"c\"], \"correct\": 0.5} | must be a whole number",
        "' ' | is empty; a line must have"
      })
  void wrongLines_areNamed(String line, String message) throws IOException {
    Files.writeString(file, line + "\n");
    answers("").failed(3, message);
  }

  /** The mask's row takes a share of the softmax, and so adds to the loss. */
  @Test
  void maskRow_isOneMoreInTheSoftmax() throws IOException {
    model = PEERS.resolve("llada");
    Files.writeString(file, "{\"prompt\": [1, 2], \"answer\": [3, 4, 5]}");
    double tokens = answers(" --json").succeeded().json().path("natsPerToken").asDouble();
    JsonNode with = answers(" --json --with-mask-row").succeeded().json();
    assertThat(with.path("natsPerToken").asDouble()).isGreaterThan(tokens + 1e-4);
    assertThat(with.path("isWithMaskRow").asBoolean()).isTrue();
  }

  @Test
  void modelsWithoutSuchALikelihood_areRefused() {
    model = PEERS.resolve("bd3lm");
    answers("").failed(2, "--model", "unmasks block by block");
  }

  @Test
  void wrongUses_areRefusedInOneLine() throws IOException {
    Files.write(file, "{\"prompt\": \"\u00e4".getBytes(StandardCharsets.ISO_8859_1));
    answers("").failed(3, "is not UTF-8; copy it again");
    answers(" --masks lengths").failed(2, "--masks");
    answers(" --rounds 0").failed(2, "--rounds");
    answers(" --draws 0").failed(2, "--draws");
    answers(" --rounds 1000000 --draws 1000000").failed(2, "--rounds times --draws must be");
    Files.delete(file);
    answers("").failed(3, "no such file");
  }
}
