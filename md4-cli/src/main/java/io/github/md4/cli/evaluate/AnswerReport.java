// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.evaluate.AnswerFile.Choice;
import io.github.md4.cli.evaluate.AnswerFile.Item;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.cli.report.WithError;
import io.github.md4.core.Units;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.AnswerLikelihood.Estimate;
import io.github.md4.core.likelihood.AnswerMasks;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.UnitLosses;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/**
 * The report of the likelihood of answers.
 *
 * @param estimates of each answer of each item
 */
record AnswerReport(
    Path file,
    List<Item> items,
    List<List<Estimate>> estimates,
    Settings settings,
    LoadedModel.Origin model) {
  private static final String SINGLE = "too few answers; give more";
  private static final String ONE_ROUND = "a single round; give more with --rounds";

  /** How the estimates were made. */
  record Settings(
      AnswerMasks masks,
      int rounds,
      int draws,
      double promptGuidance,
      boolean isWithMaskRow,
      long seed) {
    private String masksName() {
      return masks.name().toLowerCase(Locale.ROOT);
    }
  }

  /** Returns the mean over right answers, nats per token, with its error over them. */
  private UnitLosses.Difference mean() {
    long[] tokens =
        items.stream()
            .mapToLong(item -> item.choices().get(item.correct()).pair().answer().length)
            .toArray();
    double[] nats =
        IntStream.range(0, tokens.length)
            .mapToDouble(i -> estimates.get(i).get(items.get(i).correct()).nats())
            .toArray();
    BoundEstimate.Unit unit = BoundEstimate.Unit.DOCUMENTS;
    return new UnitLosses(unit, tokens, nats)
        .minus(new UnitLosses(unit, tokens, new double[tokens.length]));
  }

  private long choices() {
    return items.stream().filter(Item::isChoice).count();
  }

  /** Returns how many items have the least value at the right answer. */
  private long right(ToDoubleBiFunction<Estimate, Choice> value) {
    return IntStream.range(0, items.size())
        .filter(i -> items.get(i).isChoice())
        .filter(i -> least(i, value) == items.get(i).correct())
        .count();
  }

  private int least(int item, ToDoubleBiFunction<Estimate, Choice> value) {
    int least = 0;
    double[] values =
        IntStream.range(0, estimates.get(item).size())
            .mapToDouble(
                a ->
                    value.applyAsDouble(
                        estimates.get(item).get(a), items.get(item).choices().get(a)))
            .toArray();
    for (int a = 1; a < values.length; a++) {
      least = values[a] < values[least] ? a : least;
    }
    return least;
  }

  private long right() {
    return right((estimate, choice) -> estimate.nats());
  }

  private long rightByLength() {
    return right((estimate, choice) -> estimate.nats() / Math.max(1, choice.bytes()));
  }

  /** Returns the report for people. */
  Table table() {
    UnitLosses.Difference mean = mean();
    Table table = new Table();
    table.row("nats per token", "%s", WithError.text(mean.nats(), mean.standardError()));
    table.row(
        "bits per token",
        "%s",
        WithError.text(Units.bitsPerToken(mean.nats()), Units.bitsPerToken(mean.standardError())));
    WithError.addReason(table, mean.standardError(), SINGLE);
    table.row("perplexity", "%.4f of the answers' tokens", Units.perplexity(mean.nats()));
    table.row("answers", "%s, each after its prompt", Counted.of(items.size(), "right one"));
    if (choices() > 0) {
      double of = choices();
      table.row(
          "accuracy",
          "%.4f of %s; %.4f by likelihood per byte",
          right() / of,
          Counted.of(choices(), "choice"),
          rightByLength() / of);
    }
    table.row(
        "masks",
        "%s, %s of %s, prompt guidance %s, softmax over %s, seed %d",
        settings.masksName(),
        Counted.of(settings.rounds, "round"),
        Counted.of(settings.draws, "draw"),
        settings.promptGuidance,
        settings.isWithMaskRow ? "the mask's row too" : "tokens",
        settings.seed);
    table.row("device", "%s", model.arithmetic());
    table.row("model", "%s, weights %s, SHA-256 %s", model.file(), model.weights(), model.sha256());
    table.row("file", "%s", file);
    return table;
  }

  /** Returns the report for scripts. */
  ObjectNode json() {
    UnitLosses.Difference mean = mean();
    ObjectNode json = Json.report();
    json.set("natsPerToken", Json.number(mean.nats()));
    Json.set(json, "natsPerTokenStandardError", mean.standardError(), SINGLE);
    json.set("bitsPerToken", Json.number(Units.bitsPerToken(mean.nats())));
    Json.set(json, "bitsPerTokenStandardError", Units.bitsPerToken(mean.standardError()), SINGLE);
    json.set("perplexity", Json.number(Units.perplexity(mean.nats())));
    json.put("items", items.size()).put("choices", choices());
    if (choices() > 0) {
      json.put("accuracy", (double) right() / choices());
      json.put("accuracyPerByte", (double) rightByLength() / choices());
    }
    json.put("masks", settings.masksName())
        .put("rounds", settings.rounds)
        .put("draws", settings.draws)
        .put("promptGuidance", settings.promptGuidance)
        .put("isWithMaskRow", settings.isWithMaskRow)
        .put("seed", settings.seed)
        .put("file", file.toString());
    ArrayNode answers = json.putArray("answers");
    for (int i = 0; i < items.size(); i++) {
      for (int a = 0; a < estimates.get(i).size(); a++) {
        answers.add(answer(items.get(i), a, estimates.get(i).get(a)));
      }
    }
    json.set("model", model.json());
    return json;
  }

  /** Returns the value of one answer. */
  static ObjectNode answer(Item item, int number, Estimate estimate) {
    ObjectNode json =
        Json.object()
            .put("line", item.line())
            .put("answer", number)
            .put("isCorrect", number == item.correct())
            .put("tokens", item.choices().get(number).pair().answer().length);
    json.set("nats", Json.number(estimate.nats()));
    Json.set(json, "natsStandardError", estimate.standardError(), ONE_ROUND);
    return json;
  }
}
