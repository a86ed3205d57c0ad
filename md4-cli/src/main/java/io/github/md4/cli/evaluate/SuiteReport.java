// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.train.data.zeroshot.Protocol;
import io.github.md4.train.data.zeroshot.ScoredRows;
import io.github.md4.train.data.zeroshot.ZeroShotSet;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The report of a model's evaluation on the zero-shot sets. */
final class SuiteReport {
  private final EvaluationTask evaluation;
  private final Layout layout;
  private final LoadedModel.Origin model;
  private final List<Line> lines = new ArrayList<>();
  private final List<ZeroShotSet> missing = new ArrayList<>();
  private final Optional<SuiteReport> compared;

  /**
   * The layout of rows in sequences.
   *
   * @param length the context: the tokens of a sequence
   * @param stride the tokens from the beginning of one to that of the next
   * @param isCausal whether each token is given those before it alone
   */
  record Layout(Protocol protocol, int length, int stride, boolean isCausal) {
    private String context() {
      String given =
          isCausal
              ? "; each token is given those before it in its sequence, the first the end of text"
              : "";
      return "%s, stride %,d%s".formatted(Counted.of(length, "token"), stride, given);
    }
  }

  /** The result on one set. */
  private record Line(ZeroShotSet set, String sha256, ScoredRows rows, List<BoundEstimate> bounds) {
    private long dropped() {
      return Math.max(0, rows.rowTokens() - rows.scoredTokens());
    }
  }

  SuiteReport(EvaluationTask evaluation, Layout layout, LoadedModel.Origin model) {
    this(evaluation, layout, model, Optional.empty());
  }

  private SuiteReport(
      EvaluationTask evaluation,
      Layout layout,
      LoadedModel.Origin model,
      Optional<SuiteReport> compared) {
    this.evaluation = evaluation;
    this.layout = layout;
    this.model = model;
    this.compared = compared;
  }

  /**
   * Returns this report with the differences to another model.
   *
   * @param other the report of the same evaluation, on the same sets
   */
  SuiteReport comparedWith(SuiteReport other) {
    SuiteReport both = new SuiteReport(evaluation, layout, model, Optional.of(other));
    both.lines.addAll(lines);
    both.missing.addAll(missing);
    return both;
  }

  /** Returns the comparison on the set of a line, if there is another model. */
  private Optional<Comparison> comparison(int line) {
    return compared.map(
        other -> new Comparison(lines.get(line).bounds, other.lines.get(line).bounds, other.model));
  }

  void add(ZeroShotSet set, String sha256, ScoredRows rows, List<BoundEstimate> bounds) {
    lines.add(new Line(set, sha256, rows, bounds));
  }

  void addMissing(ZeroShotSet set) {
    missing.add(set);
  }

  /** Prints the perplexity on each set, then the details. */
  void print(PrintWriter out) {
    Table table = new Table();
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      for (BoundEstimate bound : line.bounds) {
        table.row(label(line, bound), "%s", new EvaluationFields(bound).perplexity());
      }
      comparison(i).ifPresent(each -> each.addTo(table, line.set.title() + ", "));
    }
    table.print(out);
    out.println();
    details().print(out);
  }

  private static String label(Line line, BoundEstimate bound) {
    boolean isOne = line.bounds.size() == 1;
    return line.set.title() + (isOne ? "" : ", " + bound.objective());
  }

  private Table details() {
    LikelihoodEstimator.Settings settings = evaluation.settings();
    Table table = new Table();
    table.row("numbers", "perplexity +- standard error [95%% interval]");
    table.row("protocol", "%s", layout.protocol.description());
    table.row("context", "%s", layout.context());
    table.row("passes", "%d, seed %d", settings.passes(), settings.seed());
    for (Line line : lines) {
      table.row(
          line.set.title(),
          "%s, %s, %,d scored in %s, %,d dropped; interval over %s;"
              + " published for the small model: at most %.2f; SHA-256 %s",
          Counted.of(line.rows.documentCount(), "row"),
          Counted.of(line.rows.rowTokens(), "token"),
          line.bounds.get(0).estimate().tokens(),
          Counted.of(line.bounds.get(0).estimate().examples(), "sequence"),
          line.dropped(),
          new EvaluationFields(line.bounds.get(0)).overWithDegrees(),
          line.set.published(),
          line.sha256);
      addComparison(table, line);
    }
    for (ZeroShotSet set : missing) {
      table.row(set.title(), "missing: no %s there", set.wanted(layout.protocol));
    }
    table.row("device", "%s", model.arithmetic());
    table.row("model", "%s, weights %s, SHA-256 %s", model.file(), model.weights(), model.sha256());
    compared.ifPresent(other -> Comparison.addModel(table, other.model));
    return table;
  }

  /** Adds the differences and checks of several estimators. */
  private static void addComparison(Table table, Line line) {
    for (int i = 0; i + 1 < line.bounds.size(); i++) {
      BoundEstimate each = line.bounds.get(i);
      BoundEstimate next = line.bounds.get(i + 1);
      table.row(
          "%s, %s less %s".formatted(line.set.title(), each.objective(), next.objective()),
          "%s",
          EvaluationFields.text(each.minus(next)));
    }
    Contradictions checks = Contradictions.of(line.bounds);
    for (int i = 0; i < checks.checks().size(); i++) {
      table.row(
          "%s, agreement %d".formatted(line.set.title(), i + 1),
          "%s: %s",
          Contradictions.text(checks.checks().get(i).outcome()),
          checks.checks().get(i).text());
    }
  }

  /** Prints one JSON object for each set. */
  void printJson(PrintWriter out) {
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      ObjectNode json =
          Json.report()
              .put("set", line.set.title())
              .put("sha256", line.sha256)
              .put("protocol", layout.protocol.description())
              .put("context", layout.length)
              .put("stride", layout.stride)
              .put("passes", evaluation.settings().passes())
              .put("seed", evaluation.settings().seed())
              .put("rows", line.rows.documentCount())
              .put("rowTokens", line.rows.rowTokens())
              .put("tokens", line.bounds.get(0).estimate().tokens())
              .put("sequences", line.bounds.get(0).estimate().examples())
              .put("dropped", line.dropped())
              .put("published", line.set.published());
      new EvaluationList(line.bounds).addTo(json);
      json.set("model", model.json());
      comparison(i).ifPresent(each -> each.addTo(json));
      out.println(json);
    }
    for (ZeroShotSet set : missing) {
      out.println(
          Json.report().put("set", set.title()).put("missing", set.wanted(layout.protocol)));
    }
  }

  void addTo(LossCsv csv) {
    for (Line line : lines) {
      LossCsv.ScoredData data =
          new LossCsv.ScoredData(
              line.set.title(), line.sha256, layout.protocol.name(), line.dropped());
      csv.add(data, model, evaluation.settings(), line.bounds);
    }
    compared.ifPresent(other -> other.addTo(csv));
  }

  /** Reports failed checks on {@code err} and returns the exit code. */
  int report(PrintWriter err) {
    int code = ExitCodes.DONE;
    for (Line line : lines) {
      code = Math.max(code, Contradictions.of(line.bounds).report(err));
    }
    return code;
  }
}
