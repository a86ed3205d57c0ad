// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import java.util.Locale;

/** The result of one estimator, as text and as JSON. */
public record EvaluationFields(BoundEstimate bound) {
  /** The reason for an unknown standard error or interval. */
  static final String UNKNOWN = "a single chunk or document, in few passes";

  /** The same for people, with what to do. */
  static final String HOW_TO_KNOW =
      "a single chunk has no spread: score more of them (a longer file, --chunks) or more --passes";

  /** With fewer, degrees of freedom are worth a word. */
  private static final int FEW_DEGREES = 30;

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
    return interval.isKnown()
        ? String.format(Locale.ROOT, "[%.4f, %.4f]", interval.low(), interval.high())
        : "[unknown]";
  }

  /** Returns the text of the units of the data. */
  String unit() {
    return units()
        + (bound.unit() == BoundEstimate.Unit.DOCUMENTS ? "" : ", as documents are too few");
  }

  /** Returns the text of how many units there are. */
  String units() {
    return Counted.of(
        bound.units(), bound.unit() == BoundEstimate.Unit.DOCUMENTS ? "document" : "chunk");
  }

  /** Returns the text of what the interval takes as independent. */
  String over() {
    return switch (bound.independent()) {
      case DOCUMENTS -> Counted.of(bound.units(), "document");
      case GROUPS ->
          "%s of %d chunks"
              .formatted(Counted.of(bound.estimate().groups(), "group"), LikelihoodEstimator.GROUP);
      case CHUNKS -> Counted.of(bound.units(), "chunk") + ", as groups are too few";
    };
  }

  /** Returns the text of the interval's law. */
  String overWithDegrees() {
    return over() + ", " + degrees(bound.intervalDegreesOfFreedom());
  }

  static String degrees(long degreesOfFreedom) {
    return Counted.of(degreesOfFreedom, "degree of freedom", "degrees of freedom");
  }

  public static ObjectNode json(Interval interval) {
    ObjectNode json = Json.object();
    Json.set(json, "low", interval.low(), UNKNOWN);
    Json.set(json, "high", interval.high(), UNKNOWN);
    return json;
  }

  public ObjectNode json() {
    LikelihoodEstimate estimate = bound.estimate();
    ObjectNode json = Json.object().put("estimator", bound.objective().toString());
    json.set("natsPerToken", Json.number(estimate.natsPerToken()));
    Json.set(json, "natsPerTokenStandardError", estimate.standardError(), UNKNOWN);
    json.put("degreesOfFreedom", estimate.degreesOfFreedom());
    json.set("natsPerTokenInterval", json(bound.interval()));
    json.set("bitsPerToken", Json.number(estimate.bitsPerToken()));
    Json.set(json, "perplexity", estimate.perplexity(), UNKNOWN);
    json.set("perplexityInterval", json(bound.interval().map(Units::perplexity)));
    return json.put("intervalOver", over())
        .put("intervalDegreesOfFreedom", bound.intervalDegreesOfFreedom());
  }

  public static ObjectNode json(String name, BoundEstimate.Difference difference) {
    ObjectNode json = Json.object().put("difference", name);
    json.set("natsPerToken", Json.number(difference.nats()));
    Json.set(json, "standardError", difference.standardError(), UNKNOWN);
    json.put("degreesOfFreedom", difference.degreesOfFreedom());
    json.set("interval", json(difference.interval()));
    return json;
  }

  public static String text(BoundEstimate.Difference difference) {
    return text(difference.nats(), difference.standardError(), "nats per token")
        + " "
        + text(difference.interval())
        + fewDegrees(difference.degreesOfFreedom());
  }

  /** Returns {@code +0.12345 +- 0.00123 nats per token}. */
  static String text(double difference, double standardError, String unit) {
    return "%s +- %s %s"
        .formatted(
            WithError.number("%+.5f", difference), WithError.number("%.5f", standardError), unit);
  }

  /** Returns a remark where there are few degrees of freedom. */
  static String fewDegrees(long degreesOfFreedom) {
    boolean isFew = degreesOfFreedom > 0 && degreesOfFreedom < FEW_DEGREES;
    return isFew ? ", " + degrees(degreesOfFreedom) : "";
  }
}
