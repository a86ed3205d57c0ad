// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.Sample;
import java.util.Arrays;

/** What is printed of a sample. */
sealed interface SampleForm {

  /**
   * Returns it, without the last line break.
   *
   * @param zt what it was at its start
   */
  String of(Sample sample, int[] zt);

  /** A line about the sample, and its text. */
  record ForPeople(SamplerOptions how, Tokenizer tokenizer) implements SampleForm {
    @Override
    public String of(Sample sample, int[] zt) {
      return "--- sample %d, seed %d, %s, %d calls%n%s"
          .formatted(
              sample.index(),
              how.seed(),
              how.label(),
              sample.calls(),
              tokenizer.decode(sample.tokens()));
    }
  }

  /** An object for a script. */
  record ForScripts(SamplerOptions how, Tokenizer tokenizer) implements SampleForm {
    @Override
    public String of(Sample sample, int[] zt) {
      ObjectNode json = Json.object().put("index", sample.index());
      json.setAll(how.json());
      json.put("calls", sample.calls()).put("text", tokenizer.decode(sample.tokens()));
      if (Arrays.stream(zt).anyMatch(token -> token != tokenizer.vocabularySize())) {
        json.put("start", tokenizer.decode(zt));
      }
      ArrayNode ids = json.putArray("tokens");
      Arrays.stream(sample.tokens()).forEach(ids::add);
      return json.toString();
    }
  }
}
