// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.sample.SamplerOptions;
import io.github.md4.core.internal.text.Counted;

/** The report of {@code md4 bench sample}. */
record SampleBenchReport(
    FrozenWorkload workload,
    SamplerOptions sampler,
    SampleBench.Starts starts,
    SampleBench.Result result,
    Peer peer) {

  /**
   * Plain ancestral sampling by another program on the same machine. Each of its steps costs the
   * same. NaN stands for unknown.
   */
  record Peer(double millisecondsAStep, double gib) {
    double seconds(SamplerOptions sampler, int count) {
      int batches = (count + sampler.batchSize() - 1) / sampler.batchSize();
      return batches * sampler.stepCount() * millisecondsAStep * 1e-3;
    }
  }

  Table table(BenchHost host) {
    Table table = new Table();
    table.row("device", "%s", host);
    table.row("network", "%s", workload.text(result.code().residual()));
    table.row("code", "%s", result.code().description());
    table.row(
        "sampler",
        "%s; %s, %d at once%s",
        sampler.summary().label(),
        Counted.of(starts.count(), "sequence"),
        sampler.batchSize(),
        starts.text());
    measuredRows(table);
    peerRows(table);
    return table;
  }

  private void measuredRows(Table table) {
    table.row(
        "calls",
        "%,d of the network, %,d of the sequences; planned in %.3f s",
        result.networkCalls(),
        result.sequenceCalls(),
        result.planSeconds());
    table.row("time", "%.3f s, %.3f ms a call", result.seconds(), result.millisecondsACall());
    result.times().addTo(table);
    table.row("sequences/s", "%.4f", result.sequencesPerSecond(starts.count()));
    table.row("memory", "%s", result.memory());
  }

  private void peerRows(Table table) {
    if (!Double.isNaN(peer.millisecondsAStep())) {
      table.row(
          "plain peer",
          "%.3f s at %.3f ms a step; ours is %.2f times as fast",
          peer.seconds(sampler, starts.count()),
          peer.millisecondsAStep(),
          peer.seconds(sampler, starts.count()) / result.seconds());
    }
    if (!Double.isNaN(peer.gib())) {
      table.row(
          "its memory",
          "%.2f GiB; ours is %.3f of it",
          peer.gib(),
          result.memory().gib() / peer.gib());
    }
  }

  ObjectNode json(BenchHost host) {
    ObjectNode json = Json.report();
    json.set("host", host.json());
    json.set("config", workload.json(result.code().residual()));
    json.set("sampler", sampler.summary().json());
    json.put("count", starts.count())
        .put("batchSize", sampler.batchSize())
        .put("given", starts.given())
        .put("guidance", starts.guidance())
        .put("code", result.code().description())
        .put("networkCalls", result.networkCalls())
        .put("sequenceCalls", result.sequenceCalls())
        .put("planSeconds", result.planSeconds())
        .put("millisecondsACall", result.millisecondsACall())
        .put("sequencesPerSecond", result.sequencesPerSecond(starts.count()));
    result.times().addTo(json);
    json.set("memory", result.memory().json());
    ObjectNode other = json.putObject("peer");
    other.set("millisecondsAStep", Json.number(peer.millisecondsAStep()));
    other.set("gib", Json.number(peer.gib()));
    other.set("speedRatio", Json.number(peer.seconds(sampler, starts.count()) / result.seconds()));
    other.set("memoryRatio", Json.number(result.memory().gib() / peer.gib()));
    return json;
  }
}
