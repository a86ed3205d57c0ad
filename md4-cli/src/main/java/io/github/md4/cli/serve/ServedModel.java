// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.model.ClassChoice;
import io.github.md4.cli.report.Json;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.trajectory.InitialSequence;

/**
 * The model that a server has.
 *
 * @param name what clients call it
 * @param length the tokens of a sequence
 * @param classes the number of classes that the network knows, 0 where it is told none
 * @param defaults the options of a request that says nothing
 * @param since the second of its loading, since 1970
 */
record ServedModel(
    MaskedDiffusion model,
    String name,
    int length,
    int classes,
    SamplingOptions defaults,
    long since) {

  Tokenizer tokenizer() {
    return model.tokenizer();
  }

  /** Returns the id of the mask. */
  int mask() {
    return tokenizer().vocabularySize();
  }

  /**
   * Refuses a request for another model. One that names none is for this one.
   *
   * @throws Refusal if the field {@code model} has another name
   */
  void check(Fields fields) {
    String asked = fields.text("model").orElse(name);
    if (!asked.equals(name)) {
      throw unknown(asked);
    }
  }

  /** Returns the refusal of a request for another model. */
  Refusal unknown(String asked) {
    int most = 60;
    String shown = asked.length() <= most ? asked : asked.substring(0, most) + "...";
    return Refusal.of(
        404, "model_not_found", "there is no model %s here; it is %s".formatted(shown, name));
  }

  /**
   * Returns the class that a request names. A wrong one would spoil the call of other requests.
   *
   * @throws Refusal if it is none of the network's, or missing
   */
  int label(Fields fields) {
    JsonNode label = fields.value("label");
    if (classes == 0) {
      if (!label.isNull()) {
        throw Refusal.wrong("label", "label must be left out: the model has no classes");
      }
      return InitialSequence.NO_LABEL;
    }
    ClassChoice choice = ClassChoice.of(model.description());
    if (!label.isTextual() && !label.isIntegralNumber()) {
      throw Refusal.wrong("label", "label must be a class in [0, %d)".formatted(classes));
    }
    try {
      return choice.label(label.asText());
    } catch (IllegalArgumentException e) {
      throw Refusal.wrong("label", "label " + e.getMessage());
    }
  }

  /** Returns whether the sampler of a request never changes a token that it has revealed. */
  boolean isFinal(SamplingOptions options) {
    return options.method().under(model.schedule(), model.generation()).isFinal();
  }

  /** Returns what clients are told of it, in the form of OpenAI's API with fields of its own. */
  ObjectNode json() {
    return Json.object()
        .put("id", name)
        .put("object", "model")
        .put("created", since)
        .put("owned_by", "md4")
        .put("length", length)
        .put("vocabulary", tokenizer().summary())
        .put("sampler", defaults.sampler());
  }
}
