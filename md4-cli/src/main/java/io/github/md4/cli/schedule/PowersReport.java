// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.schedule;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.speed.Spread;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The report of learned powers. The larger a token's power, the sooner sampling reveals it.
 *
 * @param shown the number of tokens that are listed from each end
 */
record PowersReport(GenMd4Schedule schedule, Tokenizer tokenizer, int shown) {
  private static final int INTERVALS = 10;

  /** Returns all tokens in the order in which they are revealed, equal ones by their number. */
  List<Integer> order() {
    return IntStream.range(0, schedule.vocabularySize())
        .boxed()
        .sorted(Comparator.comparingDouble(v -> -schedule.power(v)))
        .toList();
  }

  /** Returns a token's text in quotes. */
  String name(int token) {
    return Json.object().textNode(text(token)).toString();
  }

  /** Returns a token's text within a sequence, where it keeps its blank. */
  private String text(int token) {
    return tokenizer.text(token, 1);
  }

  /** Returns the report for people. */
  Table table() {
    Table table = new Table();
    Spread spread = Spread.of(schedule.powers());
    table.row(
        "powers", "%s; 1 is the linear schedule", Counted.of(schedule.vocabularySize(), "token"));
    table.row(
        "spread",
        "min %.4f, quartiles %.4f, %.4f, %.4f, max %.4f",
        spread.min(),
        spread.lowerQuartile(),
        spread.median(),
        spread.upperQuartile(),
        spread.max());
    table.row("mean", "%.4f, standard deviation %.4f", mean(), deviation());
    List<Integer> order = order();
    int ends = Math.min(shown, order.size());
    table.row("", "%10s  %s", "power", "half are masked at t =");
    addTokens(table, "revealed first", order.subList(0, ends));
    addTokens(
        table, "revealed last", order.subList(Math.max(ends, order.size() - ends), order.size()));
    return table;
  }

  private void addTokens(Table table, String title, List<Integer> tokens) {
    table.row(title, "");
    for (int token : tokens) {
      table.row(
          "  %6d  %s".formatted(token, name(token)),
          "%10.4f  %.4f",
          schedule.power(token),
          schedule.timeWhenMasked(0.5, token));
    }
  }

  /** Returns the report for scripts, with every token. */
  ObjectNode json() {
    ObjectNode json = Json.report().put("epsilon", schedule.epsilon());
    Spread spread = Spread.of(schedule.powers());
    json.putObject("spread")
        .put("min", spread.min())
        .put("lowerQuartile", spread.lowerQuartile())
        .put("median", spread.median())
        .put("upperQuartile", spread.upperQuartile())
        .put("max", spread.max())
        .put("mean", mean())
        .put("standardDeviation", deviation());
    ArrayNode tokens = json.putArray("tokens");
    for (int token : order()) {
      ObjectNode each =
          tokens
              .addObject()
              .put("token", token)
              .put("text", text(token))
              .put("power", schedule.power(token))
              .put("halfMasked", schedule.timeWhenMasked(0.5, token));
      ArrayNode alpha = each.putArray("alpha");
      for (int i = 0; i <= INTERVALS; i++) {
        alpha.add(schedule.alpha((double) i / INTERVALS, token));
      }
    }
    return json;
  }

  /** Returns the standard deviation of the powers, without Bessel's correction. */
  private double deviation() {
    double mean = mean();
    return Math.sqrt(
        Arrays.stream(schedule.powers())
            .map(value -> (value - mean) * (value - mean))
            .average()
            .orElseThrow());
  }

  private double mean() {
    return Arrays.stream(schedule.powers()).average().orElseThrow();
  }
}
