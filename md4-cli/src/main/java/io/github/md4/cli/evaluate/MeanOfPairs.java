// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.Json;
import io.github.md4.cli.support.Table;
import io.github.md4.core.likelihood.Interval;
import java.util.Arrays;

/**
 * The mean of differences of independent pairs of runs, with Student's interval: what the chance of
 * a seed leaves open, the data given.
 *
 * @param standardError NaN for a single pair; so are the ends of the interval
 */
record MeanOfPairs(int pairs, double bitsPerToken, double standardError, Interval interval) {

  /** The quantile at 0.975 of Student's t with 1, 2, ... degrees of freedom. */
  private static final double[] QUANTILES = {
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788,
    2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860
  };

  static MeanOfPairs of(double[] differences) {
    int count = differences.length;
    double mean = Arrays.stream(differences).average().orElseThrow();
    if (count == 1) {
      return new MeanOfPairs(1, mean, Double.NaN, Interval.UNKNOWN);
    }
    double squares = Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum();
    double error = Math.sqrt(squares / (count - 1.0) / count);
    // Beyond the table the last entry, which is larger than it must be.
    double width = error * QUANTILES[Math.min(count - 1, QUANTILES.length) - 1];
    return new MeanOfPairs(count, mean, error, new Interval(mean - width, mean + width));
  }

  void addTo(Table table) {
    if (pairs > 1) {
      table.row(
          "mean of " + pairs + " pairs",
          "%+.5f +- %.5f bits per token %s, Student's t",
          bitsPerToken,
          standardError,
          EvaluationFields.text(interval));
    }
  }

  void addTo(ObjectNode json) {
    ObjectNode mean = json.putObject("mean").put("pairs", pairs);
    mean.set("bitsPerToken", Json.number(bitsPerToken));
    mean.set("standardError", Json.number(standardError));
    mean.set("interval", EvaluationFields.json(interval));
  }
}
