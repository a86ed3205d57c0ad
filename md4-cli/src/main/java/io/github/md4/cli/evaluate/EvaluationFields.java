// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import java.util.Locale;

/** The result of one estimator, as text and as JSON. */
public record EvaluationFields(BoundEstimate bound) {

  /** Returns {@code 12.34 +- 0.05 [12.1, 12.6]}: perplexity, standard error, 95% interval. */
  String perplexity() {
    LikelihoodEstimate estimate = bound.estimate();
    return WithError.text(estimate.perplexity(), estimate.perplexityStandardError())
        + " "
        + text(bound.interval().map(Units::perplexity));
  }

  /** Returns {@code 1.2345 +- 0.0005 [1.21, 1.25]}: nats per token. */
  String nats() {
    LikelihoodEstimate estimate = bound.estimate();
    return WithError.text(estimate.natsPerToken(), estimate.standardError())
        + " "
        + text(bound.interval());
  }

  public static String text(Interval interval) {
    return Double.isNaN(interval.low())
        ? "[unknown]"
        : String.format(Locale.ROOT, "[%.4f, %.4f]", interval.low(), interval.high());
  }

  /** Returns the text of the units that the interval is taken over. */
  String unit() {
    return "%,d %s"
        .formatted(
            bound.units(),
            bound.unit() == BoundEstimate.Unit.DOCUMENTS
                ? "documents"
                : "chunks, as documents are too few");
  }

  public static ObjectNode json(Interval interval) {
    ObjectNode json = Json.object();
    json.set("low", Json.number(interval.low()));
    json.set("high", Json.number(interval.high()));
    return json;
  }

  public ObjectNode json() {
    LikelihoodEstimate estimate = bound.estimate();
    ObjectNode json = Json.object().put("estimator", bound.objective().toString());
    json.set("natsPerToken", Json.number(estimate.natsPerToken()));
    json.set("natsPerTokenStandardError", Json.number(estimate.standardError()));
    json.set("natsPerTokenInterval", json(bound.interval()));
    json.set("bitsPerToken", Json.number(estimate.bitsPerToken()));
    json.set("perplexity", Json.number(estimate.perplexity()));
    json.set("perplexityInterval", json(bound.interval().map(Units::perplexity)));
    return json.put("intervalOver", unit());
  }

  public static ObjectNode json(String name, BoundEstimate.Difference difference) {
    ObjectNode json = Json.object().put("difference", name);
    json.set("natsPerToken", Json.number(difference.nats()));
    json.set("standardError", Json.number(difference.standardError()));
    json.set("interval", json(difference.interval()));
    return json;
  }

  public static String text(BoundEstimate.Difference difference) {
    return String.format(
        Locale.ROOT,
        "%+.5f +- %.5f nats per token %s",
        difference.nats(),
        difference.standardError(),
        text(difference.interval()));
  }
}
