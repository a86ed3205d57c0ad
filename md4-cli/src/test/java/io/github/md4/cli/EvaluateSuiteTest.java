// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The zero-shot sets. */
final class EvaluateSuiteTest {
  @TempDir private Path folder;

  private static double number(JsonNode json, String path) {
    JsonNode value = json.at("/" + path);
    assertThat(value.isNumber()).as(path + " in " + json).isTrue();
    return value.asDouble();
  }

  /** Writes small sets of the suite. */
  static Path suite(Path folder) throws IOException {
    Path sets = folder.resolve("sets");
    for (String file : List.of("ptb/ptb.test.txt", "lambada/lambada_test.jsonl")) {
      Files.createDirectories(sets.resolve(file).getParent());
    }
    Random random = new Random(3);
    StringBuilder sentences = new StringBuilder();
    StringBuilder passages = new StringBuilder();
    for (int i = 0; i < 120; i++) {
      String words = "of the N " + "company 's ".repeat(random.nextInt(6));
      sentences.append(' ').append(words).append("\n");
      passages.append("{\"text\": \"").append(words).append("\"}\n");
    }
    Files.writeString(sets.resolve("ptb/ptb.test.txt"), sentences);
    Files.writeString(sets.resolve("lambada/lambada_test.jsonl"), passages);
    return sets;
  }

  @Test
  void suite_comparesTwoModelsInPairs() throws IOException {
    Tokenizer tokenizer = new Gpt2Tokenizer();
    Path one = new TinyModel(tokenizer).write(folder.resolve("one"), 1);
    Path two = new TinyModel(tokenizer).write(folder.resolve("two"), 2);
    Path sets = suite(folder);
    Path csv = folder.resolve("suite.csv");
    String suite = "evaluate --device cpu --suite zero-shot --batch-size 8 --passes 2 --data-dir";
    List<JsonNode> alone = md4(words(suite, sets, "--json", "--model", two)).jsonLines();
    Object[] pair = {sets, "--model", one, "--compare", two, "--csv", csv};
    List<JsonNode> both = md4(with(words(suite, pair), "--json")).succeeded().jsonLines();
    assertThat(both).hasSize(5);
    for (int i = 0; i < 2; i++) {
      JsonNode compared = both.get(i).path("compared");
      assertThat(compared.path("estimates")).isEqualTo(alone.get(i).path("estimates"));
      assertThat(compared.at("/model/file").asText()).contains("two");
      double first = number(both.get(i), "estimates/0/natsPerToken");
      double second = number(compared, "estimates/0/natsPerToken");
      JsonNode difference = compared.at("/differences/0");
      assertThat(number(difference, "natsPerToken")).isCloseTo(first - second, within(1e-9));
      // Under the same masks the difference is known better than either.
      assertThat(number(difference, "standardError"))
          .isPositive()
          .isLessThan(number(compared, "estimates/0/natsPerTokenStandardError"));
      assertThat(number(difference, "interval/low"))
          .isLessThan(number(difference, "natsPerToken"))
          .isGreaterThan(-2);
    }
    assertThat(Files.readAllLines(csv)).hasSize(5); // the head, and two sets of two models
    assertThat(md4(words(suite, pair)).succeeded().out())
        .containsPattern("\nPTB, compared, continuous +perplexity ")
        .containsPattern("\nPTB, first less compared, continuous +[+-][0-9.]+ \\+- ")
        .containsPattern("\ncompared with +.*two");
    Path longer = new TinyGpt2(17).write(folder.resolve("gpt2"), "", 1);
    md4(words(suite, sets, "--model", one, "--compare", longer))
        .failed(2, "--compare: the models must score sequences of one length");
    Path other = TinyModel.OF_SEVEN.write(folder.resolve("seven"), 1);
    md4(words(suite, sets, "--model", one, "--compare", other)).failed(3, "its vocabulary, ");
  }

  private static Object[] with(Object[] words, Object more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray();
  }

  @Test
  void suite_scoresTheSetsThatAreThere() throws IOException {
    Path gpt2 = new TinyModel(new Gpt2Tokenizer()).write(folder.resolve("gpt2"), 1);
    Path sets = suite(folder);
    Path csv = folder.resolve("suite.csv");
    Object[] options = {"--model", gpt2, "--data-dir", sets, "--batch-size", "8"};
    Ran ran =
        md4(words(
                "evaluate --device cpu --suite zero-shot --steps 10,inf --protocol sedd --csv "
                    + csv,
                options))
            .succeeded();
    assertThat(ran.out())
        .contains("\nPTB, T = 10 ", "\nLAMBADA, continuous ", "\nPTB, T = 10 less continuous ")
        .contains("missing: no wikitext2/*train* there", "missing: no lm1b/*test* there")
        .contains("protocol ", "a remainder dropped of every 1,000 rows in each of 8 shards")
        .contains("published for the small model: at most 102.26");
    List<JsonNode> lines =
        md4(words("evaluate --device cpu --suite zero-shot --json --passes 2", options))
            .succeeded()
            .jsonLines();
    assertThat(lines).hasSize(5);
    JsonNode ptb = lines.get(1);
    assertThat(ptb.path("set").asText()).isEqualTo("PTB");
    assertThat(ptb.path("rows").asInt()).isEqualTo(120);
    assertThat(ptb.path("tokens").asInt() + ptb.path("dropped").asInt())
        .isEqualTo(ptb.path("rowTokens").asInt());
    // Random guesses among 50,257 tokens.
    assertThat(number(ptb, "estimates/0/natsPerToken")).isBetween(8.0, 20.0);
    assertThat(ptb.at("/estimates/0/intervalOver").asText()).endsWith(" documents");
    assertThat(Files.readAllLines(csv)).hasSize(5);
    md4(words("evaluate --suite zero-shot --data-dir " + folder, "--model", gpt2))
        .failed(3, "has none of the sets");
    md4(words(
            "evaluate --suite zero-shot --data-dir " + sets,
            "--model",
            TinyModel.OF_SEVEN.write(folder.resolve("model"), 1)))
        .failed(3, "closes rows by the end of text, which the model's vocabulary");
  }
}
