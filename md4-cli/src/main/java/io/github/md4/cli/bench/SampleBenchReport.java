// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.sample.SamplerOptions;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.Table;
import io.github.md4.core.internal.text.Counted;

/**
 * The report of {@code md4 bench sample}.
 *
 * @param count the number of sequences
 */
record SampleBenchReport(
    SampleBench.Workload workload,
    SamplerOptions sampler,
    int count,
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
    table.row(
        "network",
        "%s; %d tokens out of %d, %s, residual stream %s",
        workload.model().network().summary(),
        workload.model().length(),
        workload.vocabularySize(),
        workload.precision(),
        result.code().residual());
    table.row("code", "%s", result.code().description());
    table.row(
        "sampler",
        "%s; %s, %d at once",
        sampler.summary().label(),
        Counted.of(count, "sequence"),
        sampler.batchSize());
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
        result.times().plan());
    table.row("time", "%.3f s, %.3f ms a call", result.seconds(), result.millisecondsACall());
    SampleBench.Times times = result.times();
    if (times.sampling().length > 1) {
      table.row(
          "spread",
          "%.3f to %.3f s in %d times, of which this is the median",
          times.least(),
          times.most(),
          times.sampling().length);
    }
    table.row("sequences/s", "%.4f", result.sequencesPerSecond(count));
    table.row("memory", "%s", result.memory());
  }

  private void peerRows(Table table) {
    if (!Double.isNaN(peer.millisecondsAStep())) {
      table.row(
          "plain peer",
          "%.3f s at %.3f ms a step; ours is %.2f times as fast",
          peer.seconds(sampler, count),
          peer.millisecondsAStep(),
          peer.seconds(sampler, count) / result.seconds());
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
    json.set("config", config());
    json.set("sampler", sampler.summary().json());
    json.put("count", count)
        .put("batchSize", sampler.batchSize())
        .put("code", result.code().description())
        .put("networkCalls", result.networkCalls())
        .put("sequenceCalls", result.sequenceCalls())
        .put("planSeconds", result.times().plan())
        .put("seconds", result.seconds())
        .put("leastSeconds", result.times().least())
        .put("mostSeconds", result.times().most())
        .put("repeats", result.times().sampling().length)
        .put("millisecondsACall", result.millisecondsACall())
        .put("sequencesPerSecond", result.sequencesPerSecond(count));
    json.set("memory", result.memory().json());
    ObjectNode other = json.putObject("peer");
    other.set("millisecondsAStep", Json.number(peer.millisecondsAStep()));
    other.set("gib", Json.number(peer.gib()));
    other.set("speedRatio", Json.number(peer.seconds(sampler, count) / result.seconds()));
    other.set("memoryRatio", Json.number(result.memory().gib() / peer.gib()));
    return json;
  }

  private ObjectNode config() {
    ObjectNode config =
        Json.object()
            .put("length", workload.model().length())
            .put("vocabulary", workload.vocabularySize())
            .put("schedule", workload.model().schedule().toString())
            .put("precision", workload.precision().toString())
            .put("residual", result.code().residual().toString());
    workload.model().network().facts().forEach(config::putPOJO);
    return config;
  }
}
