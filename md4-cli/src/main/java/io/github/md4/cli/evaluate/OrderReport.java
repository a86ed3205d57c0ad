// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.UnitLosses;
import io.github.md4.train.data.window.EvaluationChunks;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The report of an exact likelihood in one order.
 *
 * @param losses of the chunks, which are exact: their error is that of the choice of chunks
 */
record OrderReport(
    TokenOrder order,
    int tokensAStep,
    long seed,
    UnitLosses losses,
    EvaluationChunks chunks,
    EvaluationReport.Inputs inputs) {
  private static final String SINGLE = "a single chunk";

  /** Returns the mean with its error over chunks. */
  private UnitLosses.Difference mean() {
    double[] none = new double[losses.nats().length];
    return losses.minus(new UnitLosses(losses.unit(), losses.tokens(), none));
  }

  private int steps() {
    return (chunks.length() + tokensAStep - 1) / tokensAStep;
  }

  private String what() {
    return "exact in the order %s, %d at once".formatted(order, tokensAStep);
  }

  /** Returns the report for people. */
  Table table() {
    UnitLosses.Difference mean = mean();
    Interval perplexity = mean.interval().map(Units::perplexity);
    LoadedModel.Origin model = inputs.model();
    Table table = new Table();
    table.row(
        "bits per " + inputs.unit(),
        "%s",
        WithError.text(Units.bitsPerToken(mean.nats()), Units.bitsPerToken(mean.standardError())));
    table.row("nats per token", "%s", WithError.text(mean.nats(), mean.standardError()));
    table.row(
        "perplexity",
        "%.4f, 95%% interval %s over chunks",
        Units.perplexity(mean.nats()),
        EvaluationFields.text(perplexity));
    table.row("likelihood", "%s: %s for a chunk", what(), Counted.of(steps(), "call"));
    table.row(
        "chunks",
        "%,d of %,d, each of %s",
        losses.nats().length,
        chunks.count(),
        Counted.of(chunks.length(), "token"));
    table.row("device", "%s", model.arithmetic());
    table.row("model", "%s, weights %s, SHA-256 %s", model.file(), model.weights(), model.sha256());
    table.row(
        "data",
        "%s, %s, SHA-256 %s",
        inputs.data().name(),
        inputs.data().tokens().path(),
        inputs.data().sha256());
    return table;
  }

  /** Returns the report for scripts. */
  ObjectNode json() {
    UnitLosses.Difference mean = mean();
    Interval perplexity = mean.interval().map(Units::perplexity);
    ObjectNode json = Json.report().put("unit", inputs.unit());
    json.set("bitsPerToken", Json.number(Units.bitsPerToken(mean.nats())));
    Json.set(json, "bitsPerTokenStandardError", Units.bitsPerToken(mean.standardError()), SINGLE);
    json.set("natsPerToken", Json.number(mean.nats()));
    Json.set(json, "natsPerTokenStandardError", mean.standardError(), SINGLE);
    json.set("perplexity", Json.number(Units.perplexity(mean.nats())));
    json.set("perplexityInterval", EvaluationFields.json(perplexity));
    json.put("order", order.toString())
        .put("tokensPerStep", tokensAStep)
        .put("steps", steps())
        .put("seed", seed)
        .put("chunks", losses.nats().length)
        .put("chunksInData", chunks.count())
        .put("chunkLength", chunks.length());
    json.set("model", inputs.model().json());
    json.set("data", inputs.data().json());
    return json;
  }

  /** Returns the losses as md4 compare takes them, beside those of one pass of a bound. */
  LossFile lossFile() {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("model", inputs.model().file().toString());
    about.put("modelSha256", inputs.model().sha256());
    about.put("weights", inputs.model().weights().toString());
    about.put("data", inputs.data().name());
    about.put("dataSha256", inputs.data().sha256());
    about.put("estimator", what());
    about.put("unit", Counted.of(losses.nats().length, "chunk") + ", as documents are too few");
    about.put("seed", "" + seed);
    about.put("passes", "1");
    return new LossFile(about, losses);
  }
}
