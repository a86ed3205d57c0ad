// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.schedule;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.evaluate.EvaluationData;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.plot.PowersPlot;
import io.github.md4.cli.plot.SchedulePlot;
import io.github.md4.cli.report.Json;
import io.github.md4.cli.report.Table;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 schedule}. */
@Command(
    name = "schedule",
    description =
        "Shows masking schedules: alpha and the weight of the loss over time, or the powers that a"
            + " model has learned.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 schedule --schedule cosine --plot cosine.png",
      "  md4 schedule runs/genmd4 --top 5"
    })
public final class ScheduleCommand implements Callable<Integer> {
  private static final int INTERVALS = 10;
  private static final int DEFAULT_TOP = 10;
  private static final List<Curve> OF_THE_PAPER =
      List.of(
          new Curve.Linear(),
          new Curve.Cosine(),
          new Curve.Polynomial(2),
          new Curve.Polynomial(3),
          new Curve.Geometric());

  @Spec private CommandSpec spec;

  /** The curves that are written without numbers. */
  private static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return List.of("linear", "cosine", "geometric", "loglinear").iterator();
    }
  }

  @Option(
      names = "--schedule",
      paramLabel = "CURVE",
      completionCandidates = Names.class,
      description =
          "linear, cosine, polynomial(K), loglinear(E), geometric or geometric(MIN,MAX). May be"
              + " repeated. Default: those of the paper.")
  private List<Curve> curves;

  @Mixin private ModelArgument folder;

  @Mixin private ModelOptions options;

  @Option(
      names = "--top",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "The number of tokens revealed first, and of those revealed last, that are"
              + " listed. Default: "
              + DEFAULT_TOP
              + ".")
  private Integer top;

  @ArgGroup(exclusive = false)
  private OverfittingOptions overfitting;

  @Option(
      names = "--plot",
      paramLabel = "OUT.png",
      description =
          "Draw a plot: alpha and weight as in the paper's Figure 1, or alpha and powers.")
  private Path plot;

  @Option(names = "--json", description = "Print JSON objects, one a schedule, not a table.")
  private boolean json;

  /** The files on which learned powers are compared with powers of 1. */
  private static final class OverfittingOptions {
    @Option(
        names = "--train",
        required = true,
        paramLabel = "FILE.bin",
        description =
            "The training data of the powers. The model is scored on it and on --valid,"
                + " under its powers and under powers of 1, which shows how far the powers"
                + " over-fit.")
    private Path train;

    @Option(
        names = "--valid",
        required = true,
        paramLabel = "FILE.bin",
        description = "Other data.")
    private Path valid;

    @Option(
        names = "--chunks",
        paramLabel = "N",
        converter = OptionTypes.Count.class,
        description = "Score the first N chunks of each. Default: all.")
    private int chunks = Integer.MAX_VALUE;

    @Option(
        names = "--passes",
        paramLabel = "N",
        converter = OptionTypes.Amount.class,
        description = "The number of passes over each chunk. Default: 1.")
    private int passes = 1;

    @Option(
        names = "--seed",
        paramLabel = "SEED",
        description = "The seed of times and masks. Default: 0.")
    private long seed;

    @Option(
        names = "--batch-size",
        paramLabel = "N",
        converter = OptionTypes.Amount.class,
        description =
            "The number of chunks in one call of the network; the result does not depend on"
                + " it. Default: 64.")
    private int batchSize = 64;

    OverfittingCheck check(LoadedModel model, GenMd4Schedule powers) throws IOException {
      return new OverfittingCheck(gain(model, powers, train), gain(model, powers, valid));
    }

    private OverfittingCheck.Gain gain(LoadedModel model, GenMd4Schedule powers, Path file)
        throws IOException {
      try (EvaluationData data = EvaluationData.open(file)) {
        return OverfittingCheck.Gain.of(
            model,
            powers,
            data.chunksFor(model).first(chunks),
            new LikelihoodEstimator.Settings(seed, passes, batchSize));
      }
    }
  }

  @Override
  public Integer call() throws IOException {
    Optional<Path> named = folder.given();
    Usage.require(
        spec, curves == null || named.isEmpty(), "--schedule and --model are mutually exclusive");
    Usage.require(spec, top == null || named.isPresent(), "--top needs --model=DIR");
    Usage.require(
        spec, overfitting == null || named.isPresent(), "--train and --valid need --model=DIR");
    if (named.isEmpty()) {
      List<Curve> shown = curves == null ? OF_THE_PAPER : curves;
      show(shown.stream().map(MaskingSchedule::new).toList());
      return ExitCodes.DONE;
    }
    try (LoadedModel model = options.open(named.get())) {
      Report report =
          model
              .model()
              .schedule()
              .match(shared -> () -> show(shared), powers -> () -> show(model, powers));
      report.print();
    }
    return ExitCodes.DONE;
  }

  /** The report of a model's schedule. */
  private interface Report {
    void print() throws IOException;
  }

  private void show(MaskingSchedule schedule) throws IOException {
    Usage.require(
        spec, overfitting == null, "--train and --valid need a model whose schedule is learned");
    show(List.of(schedule));
  }

  private void show(List<MaskingSchedule> schedules) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    for (MaskingSchedule schedule : schedules) {
      if (json) {
        out.println(json(schedule));
      } else {
        table(schedule).print(out);
      }
    }
    if (plot != null) {
      new SchedulePlot(schedules).write(plot);
    }
  }

  private void show(LoadedModel model, GenMd4Schedule powers) throws IOException {
    PowersReport report =
        new PowersReport(powers, model.description().tokenizer(), top == null ? DEFAULT_TOP : top);
    Table table = report.table();
    ObjectNode object = report.json();
    if (overfitting != null) {
      OverfittingCheck check = overfitting.check(model, powers);
      check.addTo(table);
      check.addTo(object);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(object);
    } else {
      table.print(out);
    }
    if (plot != null) {
      new PowersPlot(powers, report.order(), report::name).write(plot);
    }
  }

  private static Table table(MaskingSchedule schedule) {
    Table table = new Table();
    table.row(schedule.curve().toString(), "%12s  %14s  %10s", "alpha", "weight", "log-SNR");
    for (int i = 0; i <= INTERVALS; i++) {
      double t = (double) i / INTERVALS;
      table.row(
          String.format(Locale.ROOT, "  t = %.1f", t),
          "%12.6f  %14.4f  %10.4f",
          schedule.alpha(t),
          schedule.lossWeight(t),
          schedule.logSnr(t));
    }
    return table;
  }

  private static ObjectNode json(MaskingSchedule schedule) {
    ObjectNode json =
        Json.report()
            .put("schedule", schedule.curve().toString())
            .put("epsilon", schedule.epsilon());
    ArrayNode points = json.putArray("points");
    for (int i = 0; i <= INTERVALS; i++) {
      double t = (double) i / INTERVALS;
      ObjectNode point = points.addObject().put("t", t).put("alpha", schedule.alpha(t));
      point.set("weight", Json.number(schedule.lossWeight(t)));
      point.set("logSnr", Json.number(schedule.logSnr(t)));
    }
    return json;
  }
}
