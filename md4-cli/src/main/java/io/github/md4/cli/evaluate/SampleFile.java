// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * A file of samples in the form of {@code md4 sample --json}: one JSON object with text and tokens
 * per line.
 */
record SampleFile(Path path) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Returns the text of each sample.
   *
   * @throws InvalidDataException if the file is missing or holds other lines
   */
  List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    for (JsonNode sample : samples("text", JsonNode::isTextual)) {
      texts.add(sample.path("text").textValue());
    }
    return texts;
  }

  /**
   * Returns the tokens of each sample.
   *
   * @throws InvalidDataException as {@link #texts}
   */
  List<int[]> tokens() throws IOException {
    List<int[]> tokens = new ArrayList<>();
    for (JsonNode sample : samples("tokens", SampleFile::isTokens)) {
      tokens.add(
          StreamSupport.stream(sample.path("tokens").spliterator(), false)
              .mapToInt(JsonNode::intValue)
              .toArray());
    }
    return tokens;
  }

  private static boolean isTokens(JsonNode node) {
    return node.isArray()
        && StreamSupport.stream(node.spliterator(), false)
            .allMatch(each -> each.isInt() && each.intValue() >= 0);
  }

  private List<JsonNode> samples(String field, Predicate<JsonNode> isRight) throws IOException {
    new UntrustedFile(path).checkExists("; make one with md4 sample --json");
    List<JsonNode> samples = new ArrayList<>();
    for (String line : new UntrustedFile(path).text().lines().toList()) {
      if (!line.isBlank()) {
        samples.add(sample(line, samples.size() + 1, field, isRight));
      }
    }
    if (samples.isEmpty()) {
      throw new InvalidDataException(path, "has no samples; make some with md4 sample --json");
    }
    return samples;
  }

  private JsonNode sample(String line, int number, String field, Predicate<JsonNode> isRight) {
    try {
      JsonNode sample = JSON.readTree(line);
      if (isRight.test(sample.path(field))) {
        return sample;
      }
      throw new InvalidDataException(
          path,
          "sample %d has no \"%s\" of the kind that md4 sample --json prints"
              .formatted(number, field));
    } catch (JsonProcessingException e) {
      throw new InvalidDataException(
          path, "sample %d is not JSON, which md4 sample --json prints".formatted(number), e);
    }
  }
}
