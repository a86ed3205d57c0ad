// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.BoundTerms;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.train.data.quickstart.EntropyFloor;
import io.github.md4.train.data.window.EvaluationChunks;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The report of an evaluation, with everything needed to repeat it.
 *
 * @param bounds the results of the estimators on the same uniforms
 * @param headline the one of them that is reported first: continuous time if it was asked for, else
 *     the largest number of steps
 * @param chunks the chunks of the data, of which the first are scored
 */
record EvaluationReport(
    EvaluationTask evaluation,
    List<BoundEstimate> bounds,
    BoundEstimate headline,
    EvaluationChunks chunks,
    Inputs inputs) {

  /**
   * The model and the data of an evaluation.
   *
   * @param unit the unit of a token, such as character
   */
  record Inputs(String unit, LoadedModel.Origin model, EvaluationData data) {
    static Inputs of(LoadedModel model, EvaluationData data) {
      return new Inputs(model.description().tokenizer().unit(), model.origin(), data);
    }
  }

  private LikelihoodEstimate estimate() {
    return headline.estimate();
  }

  /** Returns the checks of the estimators against each other. */
  Contradictions contradictions() {
    return Contradictions.of(bounds);
  }

  /** Adds the results to a file of comma-separated values. */
  void addTo(LossCsv csv) {
    LossCsv.ScoredData data =
        new LossCsv.ScoredData(
            inputs.data.name(), inputs.data.sha256(), "chunks", chunks.tailTokens());
    csv.add(data, inputs.model, evaluation.settings(), bounds);
  }

  /** Returns the report for people. */
  Table table() {
    Table table = new Table();
    table.row("bits per " + inputs.unit, "%s", bits());
    table.row("nats per token", "%s", nats());
    table.row("perplexity", "%s", perplexity());
    table.row(
        "95% interval",
        "perplexity %s, over %s",
        EvaluationFields.text(headline.interval().map(Units::perplexity)),
        new EvaluationFields(headline).overWithDegrees());
    if (bounds.size() > 1) {
      new EvaluationList(bounds).addTo(table);
    }
    floor().ifPresent(floor -> addFloor(table, floor));
    BoundTerms terms = estimate().terms();
    table.row(
        "terms",
        "diffusion %.4f, reconstruction %.4f, prior %.4f nats per token",
        terms.diffusion(),
        terms.reconstruction(),
        terms.prior());
    WithError.addReason(table, estimate().standardError(), EvaluationFields.HOW_TO_KNOW);
    addProtocol(table);
    addInputs(table);
    return table;
  }

  private void addFloor(Table table, EntropyFloor floor) {
    table.row(
        "floor",
        "%s bits per %s under the source of these chunks",
        WithError.text(floor.bitsPerToken(), floor.standardError()),
        inputs.unit);
    table.row("above the floor", "%.4f bits per %s", above(floor), inputs.unit);
  }

  private void addProtocol(Table table) {
    LikelihoodEstimator.Settings settings = evaluation.settings();
    table.row(
        "estimator",
        "%s, %s, passes %d, seed %d, batches of %d",
        headline.objective().kind(),
        headline.objective(),
        settings.passes(),
        settings.seed(),
        settings.batchSize());
    table.row(
        "chunks",
        "%,d of %,d, each of %s: %s; dropped tail: %s",
        estimate().examples(),
        chunks.count(),
        Counted.of(chunks.length(), "token"),
        Counted.of(estimate().tokens(), "token"),
        Counted.of(chunks.tailTokens(), "token"));
    table.row("standard error", "%s", standardError());
  }

  private String standardError() {
    LikelihoodEstimate estimate = estimate();
    String over =
        String.format(
            Locale.ROOT,
            "over %s of %d chunks, %s",
            Counted.of(estimate.groups(), "group"),
            LikelihoodEstimator.GROUP,
            EvaluationFields.degrees(estimate.degreesOfFreedom()));
    return switch (headline.source()) {
      case PASSES -> "of times and masks, the data given, " + over;
      case GROUPS -> over;
      case UNITS ->
          "over %s, as groups and passes are too few, %s"
              .formatted(
                  new EvaluationFields(headline).units(),
                  EvaluationFields.degrees(estimate.degreesOfFreedom()));
    };
  }

  private void addInputs(Table table) {
    LoadedModel.Origin model = inputs.model;
    table.row("device", "%s", model.arithmetic());
    table.row("model", "%s, weights %s, SHA-256 %s", model.file(), model.weights(), model.sha256());
    EvaluationData data = inputs.data;
    table.row("data", "%s, %s, SHA-256 %s", data.name(), data.tokens().path(), data.sha256());
  }

  /** Returns the report for people in one line, without the parts that all checkpoints share. */
  String line() {
    String line =
        "%s bits per %s, %s nats per token, perplexity %s"
            .formatted(bits(), inputs.unit, nats(), perplexity());
    return floor()
        .map(floor -> line + String.format(Locale.ROOT, ", %.4f above the floor", above(floor)))
        .orElse(line);
  }

  /** Returns the report for scripts. */
  ObjectNode json() {
    ObjectNode json = Json.report().put("unit", inputs.unit);
    json.set("bitsPerToken", Json.number(estimate().bitsPerToken()));
    Json.set(
        json,
        "bitsPerTokenStandardError",
        estimate().bitsPerTokenStandardError(),
        EvaluationFields.UNKNOWN);
    json.set("natsPerToken", Json.number(estimate().natsPerToken()));
    Json.set(
        json, "natsPerTokenStandardError", estimate().standardError(), EvaluationFields.UNKNOWN);
    Json.set(json, "perplexity", estimate().perplexity(), EvaluationFields.UNKNOWN);
    Json.set(
        json,
        "perplexityStandardError",
        estimate().perplexityStandardError(),
        EvaluationFields.UNKNOWN);
    json.set(
        "perplexityInterval", EvaluationFields.json(headline.interval().map(Units::perplexity)));
    json.put("intervalOver", new EvaluationFields(headline).over());
    json.put("intervalDegreesOfFreedom", headline.intervalDegreesOfFreedom());
    json.set("terms", terms());
    if (bounds.size() > 1) {
      new EvaluationList(bounds).addTo(json);
    }
    floor().ifPresent(floor -> json.set("floor", json(floor)));
    addProtocol(json);
    json.set("model", inputs.model.json());
    json.set("data", inputs.data.json());
    return json;
  }

  private ObjectNode terms() {
    BoundTerms terms = estimate().terms();
    ObjectNode json = Json.object();
    json.set("diffusion", Json.number(terms.diffusion()));
    json.set("reconstruction", Json.number(terms.reconstruction()));
    json.set("prior", Json.number(terms.prior()));
    return json;
  }

  private ObjectNode json(EntropyFloor floor) {
    ObjectNode json = Json.object();
    json.set("bitsPerToken", Json.number(floor.bitsPerToken()));
    Json.set(json, "standardError", floor.standardError(), "a single chunk");
    json.set("above", Json.number(above(floor)));
    return json;
  }

  private void addProtocol(ObjectNode json) {
    LikelihoodEstimator.Settings settings = evaluation.settings();
    ObjectNode unused =
        json.put("estimator", headline.objective().toString())
            .put("kind", headline.objective().kind())
            .put("passes", settings.passes())
            .put("seed", settings.seed())
            .put("batchSize", settings.batchSize())
            .put("chunks", estimate().examples())
            .put("chunksInData", chunks.count())
            .put("chunkLength", chunks.length())
            .put("tokens", estimate().tokens())
            .put("droppedTail", chunks.tailTokens())
            .put("groups", estimate().groups())
            .put("degreesOfFreedom", estimate().degreesOfFreedom());
  }

  private Optional<EntropyFloor> floor() {
    return EntropyFloor.of(chunks, Math.toIntExact(estimate().examples()));
  }

  private double above(EntropyFloor floor) {
    return estimate().bitsPerToken() - floor.bitsPerToken();
  }

  private String bits() {
    return WithError.text(estimate().bitsPerToken(), estimate().bitsPerTokenStandardError());
  }

  private String nats() {
    return WithError.text(estimate().natsPerToken(), estimate().standardError());
  }

  private String perplexity() {
    return WithError.text(estimate().perplexity(), estimate().perplexityStandardError());
  }
}
