// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.schedule;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.evaluate.EvaluationFields;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.Interval;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Locale;

/**
 * The gain of learned powers over powers of 1, on their training data and on other data, with the
 * same network and the same uniforms. Powers can fit the statistics of their data too closely (MD4,
 * Section 4).
 */
record OverfittingCheck(Gain train, Gain valid) {

  /**
   * The bounds on one file.
   *
   * @param learned the bound under the learned powers
   * @param unit the bound under powers of 1
   */
  record Gain(BoundEstimate learned, BoundEstimate unit) {

    static Gain of(
        LoadedModel model,
        GenMd4Schedule schedule,
        Examples examples,
        LikelihoodEstimator.Settings settings) {
      GenMd4Schedule unit = GenMd4Schedule.unit(schedule.vocabularySize(), schedule.epsilon());
      return new Gain(
          score(model, schedule, examples, settings), score(model, unit, examples, settings));
    }

    private static BoundEstimate score(
        LoadedModel model,
        GenMd4Schedule schedule,
        Examples examples,
        LikelihoodEstimator.Settings settings) {
      return new LikelihoodEstimator(new GenMd4Objective(schedule, TimeFloor.REFERENCE), settings)
          .score(model.manager(), model.model().denoiser(), examples, done -> {});
    }

    /** Returns the gain of the learned powers, nats per token. */
    double nats() {
      return -learned.minus(unit).nats();
    }

    private Interval interval() {
      Interval difference = learned.minus(unit).interval();
      return new Interval(-difference.high(), -difference.low());
    }

    private String bits(BoundEstimate scores) {
      return WithError.text(
          scores.estimate().bitsPerToken(), scores.estimate().bitsPerTokenStandardError());
    }

    private void addTo(Table table, String name) {
      table.row(name + ", learned powers", "%s bits per token", bits(learned));
      table.row(name + ", powers of 1", "%s bits per token", bits(unit));
      table.row(name + ", gain", "%s", text(Units.bitsPerToken(nats()), interval()));
    }

    private ObjectNode json() {
      ObjectNode json = Json.object();
      json.set("learnedBitsPerToken", Json.number(learned.estimate().bitsPerToken()));
      json.set("unitBitsPerToken", Json.number(unit.estimate().bitsPerToken()));
      json.set("gainBitsPerToken", Json.number(Units.bitsPerToken(nats())));
      json.set("gainInterval", EvaluationFields.json(interval().map(Units::bitsPerToken)));
      return json;
    }
  }

  /** Returns the gain on the training data less that on other data, nats per token. */
  private double excess() {
    return train.nats() - valid.nats();
  }

  /**
   * Returns the interval of the excess. The two gains come from different data and are independent,
   * so that their half widths add as squares.
   */
  private Interval interval() {
    Interval first = train.interval();
    Interval second = valid.interval();
    double below = Math.hypot(train.nats() - first.low(), second.high() - valid.nats());
    double above = Math.hypot(first.high() - train.nats(), valid.nats() - second.low());
    return new Interval(excess() - below, excess() + above);
  }

  void addTo(Table table) {
    train.addTo(table, "train");
    valid.addTo(table, "valid");
    table.row(
        "over-fitting of the powers",
        "%s: gain on train less gain on valid",
        text(Units.bitsPerToken(excess()), interval()));
  }

  void addTo(ObjectNode json) {
    ObjectNode object = json.putObject("overfitting");
    object.set("train", train.json());
    object.set("valid", valid.json());
    object.set("excessBitsPerToken", Json.number(Units.bitsPerToken(excess())));
    object.set("excessInterval", EvaluationFields.json(interval().map(Units::bitsPerToken)));
  }

  private static String text(double bits, Interval nats) {
    return String.format(Locale.ROOT, "%+.5f bits per token ", bits)
        + EvaluationFields.text(nats.map(Units::bitsPerToken));
  }
}
