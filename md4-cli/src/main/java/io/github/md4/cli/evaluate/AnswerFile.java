// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import static io.github.md4.core.Checks.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.AnswerLikelihood.Pair;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A file of prompts with their answers, a JSON object a line: {@code prompt}, and {@code answer},
 * or {@code answers} with {@code correct}, the number of the right one from 0. Each is a text or an
 * array of tokens.
 *
 * @param longest the largest number of tokens of a prompt and an answer
 */
record AnswerFile(Path file, Tokenizer tokenizer, int longest) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String NEEDS =
      "must have prompt and answer, or prompt, answers and correct (the number of the right answer"
          + " from 0)";

  /**
   * A line: a prompt with one answer or several.
   *
   * @param line its number from 1
   * @param choices the answers, at least one
   * @param correct the number of the right one
   */
  record Item(int line, List<Choice> choices, int correct) {
    boolean isChoice() {
      return choices.size() > 1;
    }
  }

  /**
   * An answer with its prompt.
   *
   * @param bytes of the answer's text in UTF-8
   */
  record Choice(Pair pair, int bytes) {}

  /**
   * Returns what the lines say; those without anything are skipped.
   *
   * @throws InvalidDataException if the file is missing or empty, or a line is wrong; the message
   *     names the line
   */
  List<Item> read() throws IOException {
    List<Item> items = new ArrayList<>();
    int number = 0;
    for (String line : new UntrustedFile(file).text().lines().toList()) {
      number++;
      if (!line.isBlank()) {
        items.add(item(line, number));
      }
    }
    if (items.isEmpty()) {
      throw new InvalidDataException(file, "is empty; a line " + NEEDS);
    }
    return items;
  }

  private Item item(String line, int number) {
    try {
      JsonNode json = JSON.readTree(line);
      boolean isChoice = json.has("answers");
      JsonNode answers =
          isChoice ? json.path("answers") : JSON.createArrayNode().add(json.path("answer"));
      boolean hasOne = isChoice ? answers.isArray() && answers.size() > 1 : json.has("answer");
      require(json.has("prompt") && hasOne && json.has("correct") == isChoice, NEEDS);
      int correct = isChoice ? json.path("correct").asInt(-1) : 0;
      require(
          json.path("correct").isMissingNode() || json.path("correct").isInt(),
          "correct must be a whole number",
          json.path("correct"));
      require(
          correct >= 0 && correct < answers.size(),
          "correct must be in [0, %d)".formatted(answers.size()),
          correct);
      List<Choice> choices = new ArrayList<>();
      for (JsonNode answer : answers) {
        choices.add(choice(json.path("prompt"), answer));
      }
      return new Item(number, choices, correct);
    } catch (JsonProcessingException e) {
      throw new InvalidDataException(file, "line " + number + ": is not JSON", e);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, "line " + number + ": " + e.getMessage(), e);
    }
  }

  private Choice choice(JsonNode prompt, JsonNode answer) {
    Pair pair =
        prompt.isTextual() && answer.isTextual()
            ? ofTexts(prompt.asText(), answer.asText())
            : new Pair(tokens(prompt), tokens(answer));
    int length = pair.whole().length;
    require(
        length <= longest,
        "prompt and answer must have at most the model's " + Counted.of(longest, "token"),
        length);
    String text = answer.isTextual() ? answer.asText() : tokenizer.decode(pair.answer());
    return new Choice(pair, text.getBytes(StandardCharsets.UTF_8).length);
  }

  /**
   * Returns the tokens of both texts in one, cut where the prompt's tokens end. Blanks at the
   * prompt's end go to the answer, as a tokenizer with blanks in its words wants them.
   */
  private Pair ofTexts(String prompt, String answer) {
    String start = prompt.stripTrailing();
    int[] whole = tokenizer.encode(prompt + answer);
    int cut = start.isEmpty() ? 0 : tokenizer.encode(start).length;
    require(cut < whole.length, "the answer has no tokens of its own", answer);
    return new Pair(Arrays.copyOf(whole, cut), Arrays.copyOfRange(whole, cut, whole.length));
  }

  private int[] tokens(JsonNode given) {
    if (given.isTextual()) {
      return given.asText().isEmpty() ? new int[0] : tokenizer.encode(given.asText());
    }
    require(given.isArray(), NEEDS);
    int[] tokens = new int[given.size()];
    for (int n = 0; n < tokens.length; n++) {
      JsonNode token = given.get(n);
      tokens[n] = token.asInt(-1);
      require(
          token.isInt() && tokens[n] >= 0 && tokens[n] < tokenizer.vocabularySize(),
          "a token must be in [0, %d)".formatted(tokenizer.vocabularySize()),
          token);
    }
    return tokens;
  }
}
