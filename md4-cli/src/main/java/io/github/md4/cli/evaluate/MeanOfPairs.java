// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.MeanWithError;
import io.github.md4.core.StudentT;
import io.github.md4.core.likelihood.Interval;

/**
 * The mean difference of independent pairs of runs, with Student's interval. It covers the chance
 * of the seeds, not that of the data.
 *
 * @param interval unknown for a single pair
 */
record MeanOfPairs(int pairs, MeanWithError bitsPerToken, Interval interval) {
  private static final double TAIL = 0.025;

  static MeanOfPairs of(double[] differences) {
    int count = differences.length;
    MeanWithError mean = MeanWithError.of(differences);
    if (count == 1) {
      return new MeanOfPairs(1, mean, Interval.UNKNOWN);
    }
    double width = mean.standardError() * StudentT.quantile(TAIL, count - 1L);
    return new MeanOfPairs(count, mean, new Interval(mean.mean() - width, mean.mean() + width));
  }

  void addTo(Table table) {
    if (pairs > 1) {
      table.row(
          "mean of " + pairs + " pairs",
          "%s %s, Student's t%s",
          EvaluationFields.text(
              bitsPerToken.mean(), bitsPerToken.standardError(), "bits per token"),
          EvaluationFields.text(interval),
          EvaluationFields.fewDegrees(pairs - 1L));
    }
  }

  void addTo(ObjectNode json) {
    ObjectNode mean = json.putObject("mean").put("pairs", pairs);
    mean.set("bitsPerToken", Json.number(bitsPerToken.mean()));
    Json.set(mean, "standardError", bitsPerToken.standardError(), "a single pair");
    mean.put("degreesOfFreedom", pairs - 1);
    mean.set("interval", json(interval));
  }

  private static ObjectNode json(Interval interval) {
    ObjectNode json = Json.object();
    Json.set(json, "low", interval.low(), "a single pair");
    Json.set(json, "high", interval.high(), "a single pair");
    return json;
  }
}
