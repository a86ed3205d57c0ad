// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.Sample;
import java.util.Arrays;

/** The form in which a sample is printed. */
sealed interface SampleForm {

  /**
   * Returns the text of a sample, without the last line break.
   *
   * @param zt the initial sequence
   */
  String of(Sample sample, int[] zt);

  /** A line about the sample, and its text. */
  record ForPeople(SamplerOptions options) implements SampleForm {
    @Override
    public String of(Sample sample, int[] zt) {
      return "--- sample %d, seed %d, %s, %s%n%s"
          .formatted(
              sample.index(),
              options.seed(),
              options.summary().label(),
              Counted.of(sample.calls(), "call"),
              sample.text());
    }
  }

  /** The text that a sample began with, in one line, before another form of it. */
  record AfterItsStart(Tokenizer tokenizer, SampleForm form) implements SampleForm {
    @Override
    public String of(Sample sample, int[] zt) {
      return "--- from %s%n".formatted(Visible.of(tokenizer.decode(zt))) + form.of(sample, zt);
    }
  }

  /** Returns whether a sequence begins with more than masks. */
  private static boolean hasGivenTokens(int[] zt, Tokenizer tokenizer) {
    return Arrays.stream(zt).anyMatch(token -> token != tokenizer.vocabularySize());
  }

  /** An object for a script. */
  record ForScripts(SamplerOptions options, Tokenizer tokenizer) implements SampleForm {
    @Override
    public String of(Sample sample, int[] zt) {
      ObjectNode json = Json.report().put("index", sample.index());
      json.setAll(options.summary().json());
      json.put("calls", sample.calls()).put("text", sample.text());
      if (hasGivenTokens(zt, tokenizer)) {
        json.put("start", tokenizer.decode(zt));
      }
      ArrayNode ids = json.putArray("tokens");
      Arrays.stream(sample.tokens()).forEach(ids::add);
      return json.put("vocabulary", tokenizer.summary()).toString();
    }
  }
}
