// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * A request for completions in OpenAI's form. A prompt is the beginning of a sequence of the
 * model's length; all that follows is drawn, and as many tokens of it are the answer as were asked
 * for.
 *
 * @param prompts the tokens of each, at least one prompt; a prompt may be empty
 * @param choices the number of completions of each prompt
 * @param end the tokens that stand at the end of the sequence, none where there is no suffix
 * @param most the most tokens of a completion
 * @param stop texts that end a completion
 * @param isEchoed whether the answer begins with the prompt
 * @param label the class of all of them, or {@link InitialSequence#NO_LABEL}
 */
record CompletionRequest(
    List<int[]> prompts,
    int choices,
    int[] end,
    OptionalInt most,
    List<String> stop,
    boolean isEchoed,
    int label,
    SamplingOptions options) {
  private static final int MOST_SEQUENCES = 512;
  private static final int MOST_STOPS = 16;

  /**
   * Reads the fields of a request.
   *
   * @throws Refusal if one is wrong
   */
  static CompletionRequest read(Fields fields, ServedModel served) {
    CompletionRequest request =
        new CompletionRequest(
            prompts(fields, served),
            SamplingFields.choices(fields),
            encoded("suffix", fields.text("suffix").orElse(""), served),
            fields.count("max_tokens", 1, Integer.MAX_VALUE),
            stops(fields),
            fields.flag("echo"),
            served.label(fields),
            SamplingFields.read(fields, served.defaults()));
    fields.ignore("user");
    fields.unsupported("best_of", Integer.toString(request.choices));
    fields.unsupported("logprobs", "null");
    fields.unsupported("logit_bias", "{}");
    for (String penalty : List.of("presence_penalty", "frequency_penalty")) {
      if (fields.number(penalty, -2, 2).orElse(0) != 0) {
        throw Refusal.wrong(penalty, penalty + " is not supported; leave it out");
      }
    }
    request.check(served);
    return request;
  }

  private void check(ServedModel served) {
    if ((long) prompts.size() * choices > MOST_SEQUENCES) {
      throw Refusal.wrong(
          "n",
          "n times the number of prompts must be at most %d: %d"
              .formatted(MOST_SEQUENCES, (long) prompts.size() * choices));
    }
    for (int[] prompt : prompts) {
      int room = served.length() - prompt.length - end.length;
      if (room < most.orElse(1)) {
        throw Refusal.of(
            400,
            "context_length_exceeded",
            "the model has sequences of %s; prompt and suffix have %d, which leaves %d"
                .formatted(
                    Counted.of(served.length(), "token"),
                    prompt.length + end.length,
                    Math.max(0, room)));
      }
    }
  }

  private static List<int[]> prompts(Fields fields, ServedModel served) {
    JsonNode prompt = fields.value("prompt");
    if (prompt.isNull()) {
      return List.of(new int[0]);
    }
    if (prompt.isTextual()) {
      return List.of(encoded("prompt", prompt.textValue(), served));
    }
    if (!prompt.isArray() || prompt.isEmpty()) {
      throw Refusal.wrong("prompt", "prompt must be a text, texts, tokens or arrays of tokens");
    }
    if (prompt.get(0).isNumber()) {
      return List.of(TokenArrays.of("prompt", prompt, served));
    }
    List<int[]> prompts = new ArrayList<>();
    for (JsonNode each : prompt) {
      prompts.add(
          each.isTextual()
              ? encoded("prompt", each.textValue(), served)
              : TokenArrays.of("prompt", each, served));
    }
    return prompts;
  }

  private static int[] encoded(String name, String text, ServedModel served) {
    try {
      if (text.isEmpty()) {
        return new int[0];
      }
      return name.equals("suffix")
          ? served.tokenizer().encodeContinuing(text)
          : served.tokenizer().encode(text);
    } catch (IllegalArgumentException e) {
      String elsewhere = text.contains("[MASK") ? "; /v1/infill takes texts with holes" : "";
      throw Refusal.wrong(name, name + ": " + e.getMessage() + elsewhere);
    }
  }

  private static List<String> stops(Fields fields) {
    JsonNode stop = fields.value("stop");
    List<String> texts = new ArrayList<>();
    if (stop.isTextual()) {
      texts.add(stop.textValue());
    } else if (stop.isArray() && stop.size() <= MOST_STOPS) {
      stop.forEach(each -> texts.add(each.isTextual() ? each.textValue() : ""));
    } else if (!stop.isNull()) {
      texts.add("");
    }
    if (texts.contains("")) {
      throw Refusal.wrong("stop", "stop must be a text or at most 16 texts, none of them empty");
    }
    return texts;
  }

  /** Returns the sequences to draw: all choices of the first prompt, then those of the next. */
  List<InitialSequence> sequences(ServedModel served) {
    List<InitialSequence> sequences = new ArrayList<>();
    for (int[] prompt : prompts) {
      int[] zt = new int[served.length()];
      Arrays.fill(zt, served.mask());
      System.arraycopy(prompt, 0, zt, 0, prompt.length);
      System.arraycopy(end, 0, zt, zt.length - end.length, end.length);
      for (int choice = 0; choice < choices; choice++) {
        sequences.add(new InitialSequence(zt, sequences.size(), label));
      }
    }
    return sequences;
  }

  /** Returns the text of a choice, still empty. */
  CompletionText text(int index, ServedModel served) {
    int[] prompt = prompts.get(index / choices);
    int room = served.length() - prompt.length - end.length;
    return new CompletionText(
        served.tokenizer(), stop, prompt.length, prompt.length + Math.min(room, most.orElse(room)));
  }

  /** Returns the tokens of all prompts. */
  int promptTokens() {
    return prompts.stream().mapToInt(prompt -> prompt.length).sum();
  }

  /** Returns what a choice begins with: its prompt where it is echoed. */
  String opening(int index, ServedModel served) {
    return isEchoed ? served.tokenizer().decode(prompts.get(index / choices)) : "";
  }
}
