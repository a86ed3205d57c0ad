// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.Table;
import io.github.md4.core.MeanWithError;
import io.github.md4.core.likelihood.Interval;

/**
 * The mean difference of independent pairs of runs, with Student's interval. It covers the chance
 * of the seeds, not that of the data.
 *
 * @param interval unknown for a single pair
 */
record MeanOfPairs(int pairs, MeanWithError bitsPerToken, Interval interval) {

  /** The quantile at 0.975 of Student's t with 1, 2, ... degrees of freedom. */
  private static final double[] QUANTILES = {
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788,
    2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860
  };

  static MeanOfPairs of(double[] differences) {
    int count = differences.length;
    MeanWithError mean = MeanWithError.of(differences);
    if (count == 1) {
      return new MeanOfPairs(1, mean, Interval.UNKNOWN);
    }
    // Beyond the table its last entry is taken, which is slightly too large.
    double quantile = QUANTILES[Math.min(count - 1, QUANTILES.length) - 1];
    double width = mean.standardError() * quantile;
    return new MeanOfPairs(count, mean, new Interval(mean.mean() - width, mean.mean() + width));
  }

  void addTo(Table table) {
    if (pairs > 1) {
      table.row(
          "mean of " + pairs + " pairs",
          "%+.5f +- %.5f bits per token %s, Student's t",
          bitsPerToken.mean(),
          bitsPerToken.standardError(),
          EvaluationFields.text(interval));
    }
  }

  void addTo(ObjectNode json) {
    ObjectNode mean = json.putObject("mean").put("pairs", pairs);
    mean.set("bitsPerToken", Json.number(bitsPerToken.mean()));
    mean.set("standardError", Json.number(bitsPerToken.standardError()));
    mean.set("interval", EvaluationFields.json(interval));
  }
}
