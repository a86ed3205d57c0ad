// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.LikelihoodEstimator;

/**
 * The report of {@code md4 bench evaluate}.
 *
 * @param count the number of sequences
 */
record EvaluateBenchReport(
    FrozenWorkload workload,
    LikelihoodEstimator.Settings settings,
    int count,
    EvaluateBench.Result result) {

  Table table(BenchHost host) {
    Table table = new Table();
    table.row("device", "%s", host);
    table.row("network", "%s", workload.text(result.code().residual()));
    table.row("code", "%s", result.code().description());
    table.row(
        "estimate",
        "%s; %s, %d at once, %s of each",
        workload.likelihood(),
        Counted.of(count, "sequence"),
        settings.batchSize(),
        Counted.of(settings.passes(), "masking"));
    table.row(
        "calls",
        "%,d of the network, for %s",
        result.networkCalls(),
        Counted.of(result.askedPositions(), "guessed token"));
    table.row(
        "time", "%.3f s, %.3f ms a call", result.times().median(), result.millisecondsACall());
    result.times().addTo(table);
    table.row("sequences/s", "%.4f", result.sequencesPerSecond(count));
    table.row("tokens/s", "%,.0f", tokensPerSecond());
    table.row("memory", "%s", result.memory());
    return table;
  }

  /** Returns the tokens of the sequences, masked or not, a second. */
  private double tokensPerSecond() {
    return result.sequencesPerSecond(count) * workload.model().length();
  }

  ObjectNode json(BenchHost host) {
    ObjectNode json = Json.report();
    json.set("host", host.json());
    json.set("config", workload.json(result.code().residual()));
    json.put("count", count)
        .put("batchSize", settings.batchSize())
        .put("passes", settings.passes())
        .put("code", result.code().description())
        .put("networkCalls", result.networkCalls())
        .put("askedPositions", result.askedPositions())
        .put("millisecondsACall", result.millisecondsACall())
        .put("sequencesPerSecond", result.sequencesPerSecond(count))
        .put("tokensPerSecond", tokensPerSecond());
    result.times().addTo(json);
    json.set("memory", result.memory().json());
    return json;
  }
}
