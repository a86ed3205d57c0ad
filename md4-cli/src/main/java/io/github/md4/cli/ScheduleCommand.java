// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.plot.SchedulePlot;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code md4 schedule}. */
@Command(
    name = "schedule",
    description = "Shows masking schedules: alpha and the weight of the loss over time.",
    sortOptions = false)
final class ScheduleCommand implements Callable<Integer> {
  private static final int INTERVALS = 10;

  @Spec private CommandSpec spec;

  @Option(
      names = "--schedule",
      paramLabel = "CURVE",
      description =
          "linear, cosine, polynomial(K), geometric or geometric(MIN, MAX). May be repeated."
              + " Default: all of the paper.")
  private List<Curve> curves =
      List.of(
          new Curve.Linear(),
          new Curve.Cosine(),
          new Curve.Polynomial(2),
          new Curve.Polynomial(3),
          new Curve.Geometric());

  @Option(
      names = "--plot",
      paramLabel = "OUT.png",
      description = "Draw both over time, as the paper's Figure 1.")
  private Path plot;

  @Option(names = "--json", description = "Print JSON objects, one a schedule, not a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<MaskingSchedule> schedules = curves.stream().map(MaskingSchedule::new).toList();
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
    return ExitCodes.DONE;
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
        Json.object()
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
