// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.file;

import static io.github.md4.core.Checks.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A file of sequences, one per line. A line is a text. In a file named {@code .jsonl} it is an
 * object with {@code text} or {@code tokens}, in which null is a mask; it may name the {@code
 * vocabulary} by its summary.
 *
 * @param owner what has the vocabulary, in words, such as "the model"
 * @param longest the largest number of tokens in a sequence
 * @param parse turns a text into tokens; throws IllegalArgumentException where it cannot
 */
public record SequenceFile(
    Path file, Tokenizer tokenizer, String owner, int longest, Function<String, int[]> parse) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern HEADING = Pattern.compile("--- sample \\d+, (?:seed|call) \\d+.*");
  private static final Pattern SAMPLE =
      Pattern.compile("\\{\"(?=.*\"text\":)(?=.*\"tokens\":\\[).*}");

  /** Makes a file of sequences for a model. */
  public SequenceFile(Path file, SavedModel.Description model, Function<String, int[]> parse) {
    this(file, model.tokenizer(), "the model", model.config().length(), parse);
  }

  /**
   * Returns the tokens of each line.
   *
   * @throws InvalidDataException if the file is missing or empty, or a line is wrong; the message
   *     names the line
   */
  public List<int[]> read() throws IOException {
    List<int[]> sequences = new ArrayList<>();
    for (String line : lines()) {
      sequences.add(sequence(line, sequences.size() + 1));
    }
    if (sequences.isEmpty()) {
      throw new InvalidDataException(file, "is empty; it must have one sequence per line");
    }
    return sequences;
  }

  private List<String> lines() throws IOException {
    try {
      return new UntrustedFile(file).text().lines().toList();
    } catch (NoSuchFileException e) {
      throw new InvalidDataException(
          file, "no such file; a file with one sequence per line is expected", e);
    }
  }

  private int[] sequence(String line, int number) throws InvalidDataException {
    try {
      int[] tokens = isJson() ? ofJson(line) : ofText(line);
      require(tokens.length > 0, "has no tokens");
      require(
          tokens.length <= longest,
          "has %d tokens, more than the model's %d".formatted(tokens.length, longest));
      return tokens;
    } catch (JsonProcessingException e) {
      throw new InvalidDataException(file, "line " + number + ": is not JSON", e);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(file, "line " + number + ": " + e.getMessage(), e);
    }
  }

  /** Turns a line into tokens, unless it is output of md4 sample that is no text. */
  private int[] ofText(String line) {
    require(!line.isEmpty(), "is empty; each line must hold a sequence");
    require(
        !HEADING.matcher(line).matches(),
        "is a heading of md4 sample, no text; write --json into a file named .jsonl");
    require(!SAMPLE.matcher(line).matches(), "is a sample in JSON; name the file .jsonl");
    return parse.apply(line);
  }

  private boolean isJson() {
    return file.toString().endsWith(".jsonl");
  }

  private int[] ofJson(String line) throws JsonProcessingException {
    JsonNode json = JSON.readTree(line);
    String vocabulary = tokenizer.summary();
    require(
        json.path("vocabulary").asText(vocabulary).equals(vocabulary),
        "is of the vocabulary %s, but %s has %s"
            .formatted(json.path("vocabulary").asText(), owner, vocabulary));
    if (json.path("tokens").isArray()) {
      int[] tokens = tokens(json.path("tokens"));
      checkText(json, tokens);
      return tokens;
    }
    require(json.path("text").isTextual(), "must have text or tokens");
    return parse.apply(json.path("text").asText());
  }

  /** Checks a sample of md4: long vocabularies may differ where their summaries are equal. */
  private void checkText(JsonNode json, int[] tokens) {
    boolean isSample = json.has("vocabulary") && json.path("text").isTextual();
    require(
        !isSample || tokenizer.decode(tokens).equals(json.path("text").asText()),
        "has tokens of another vocabulary: they are not its text");
  }

  private int[] tokens(JsonNode array) {
    int[] tokens = new int[array.size()];
    int mask = tokenizer.vocabularySize();
    for (int n = 0; n < tokens.length; n++) {
      JsonNode token = array.get(n);
      tokens[n] = token.isNull() ? mask : token.asInt(-1);
      require(
          token.isNull() || (token.isInt() && tokens[n] >= 0 && tokens[n] < mask),
          "a token must be null or in [0, %d): %s".formatted(mask, token));
    }
    return tokens;
  }
}
