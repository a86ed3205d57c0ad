// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.sample.SamplerKind.OptionGroup;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.trace.Trace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A summary of the sampler that options choose, in words and for scripts. */
public record SamplerSummary(SamplerOptions options) {

  /** Returns all options for a script. */
  public ObjectNode json() {
    SamplingMethod method = options.method();
    ObjectNode json =
        Json.object()
            .put("sampler", method.name())
            .put("exact", method.isExact())
            .put("draw", method.draw())
            .put("seed", options.seed());
    if (options.has(OptionGroup.GRID)) {
      json.put("steps", options.grid().steps()).put("grid", options.grid().grid().toString());
    }
    if (options.isPublished()) {
      json.put("steps", options.publishedSteps()).put("method", method.text());
    }
    if (options.has(OptionGroup.LEFTOVERS)) {
      json.put("leftovers", options.leftovers().toString());
    }
    if (options.has(OptionGroup.CORRECTORS)) {
      json.put("correctors", options.correctors());
    }
    if (!options.law().law().equals(TokenLaw.MODEL)) {
      json.put("law", options.law().text());
    }
    return json;
  }

  /** Returns the header of a trace of samples of a model. */
  Trace.Header traceHeader(SavedModel.Description model, Path folder) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("model", folder.toString());
    about.put("sampler", label());
    about.put("seed", Long.toString(options.seed()));
    return new Trace.Header(
        about,
        options.stepCount(),
        model.config().schedule().toString(),
        model.config().epsilon(),
        model.tokenizer().separator(),
        model.tokenizer().image());
  }

  /** Returns the options in words. The exact draw is the rule, and is not named. */
  public String label() {
    SamplingMethod method = options.method();
    String kind = method.isExact() ? "exact" : "approximate";
    String draw = options.isReference() ? ", " + method.draw() + " draw at every step" : "";
    int count = options.stepCount();
    String steps = count == 0 ? "" : ", " + Counted.of(count, "step");
    String grid = options.has(OptionGroup.GRID) ? ", " + options.grid().grid() : "";
    String law = options.law().law().equals(TokenLaw.MODEL) ? "" : ", " + options.law().text();
    return "%s (%s)%s%s%s%s".formatted(method.name(), kind, draw, steps, grid, law);
  }
}
