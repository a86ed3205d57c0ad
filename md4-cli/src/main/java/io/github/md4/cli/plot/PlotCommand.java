// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.cli.plot.Chart.Scale;
import io.github.md4.core.internal.text.Counted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 plot}. */
@Command(
    name = "plot",
    description = "Draws the metrics of any runs over their steps into one picture.",
    footer = {
      "%nExamples:",
      "  md4 plot runs/a runs/b --out losses.png",
      "  md4 plot small=runs/a large=runs/b --perplexity --log --out losses.svg"
    },
    sortOptions = false)
public final class PlotCommand implements Callable<Integer> {
  private static final String PNG = ".png";
  private static final String SVG = ".svg";
  private static final String CSV = ".csv";
  private static final double SMALLEST = 1e-300;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "[NAME=]RUN",
      description =
          "A run's folder, or its metrics.jsonl, under a name of your own or the folder's."
              + " Or a table of points, FILE.csv with the head name,x,y.")
  private List<String> sources;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE.png|svg",
      description = "The picture. An old one is replaced.")
  private Path out;

  @Option(
      names = "--split",
      paramLabel = "train|valid|test|NAME",
      description = "The split of the metrics. Default: the first that was evaluated.")
  private String split;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      completionCandidates = MetricsCurve.Usual.class,
      description =
          "The metric, as metrics.jsonl names it. Default: emaBitsPerToken, or rawBitsPerToken where"
              + " that is absent.")
  private String metric;

  @Option(
      names = "--perplexity",
      description = "Draw 2 to the power of the metric: the perplexity of bits per token.")
  private boolean perplexity;

  @Option(names = "--log", description = "Divide the vertical axis logarithmically.")
  private boolean logarithmic;

  @Option(
      names = "--from",
      paramLabel = "X",
      converter = OptionTypes.Finite.class,
      description = "Leave out what is before, such as the first steps. Default: nothing.")
  private double from = Double.NEGATIVE_INFINITY;

  @Option(names = "--title", paramLabel = "TEXT", description = "The title. Default: the metric.")
  private String title;

  @Option(
      names = "--x-name",
      paramLabel = "TEXT",
      description = "The name of the horizontal axis. Default: step, or x of points.")
  private String xName;

  @Option(
      names = "--y-name",
      paramLabel = "TEXT",
      description = "The name of the vertical axis. Default: the metric, or y of points.")
  private String yName;

  /** A source as it was written. */
  private record Source(String name, Path path) {
    static Source of(String text) {
      int equals = text.indexOf('=');
      Path path = Path.of(text.substring(equals + 1));
      String own = path.toAbsolutePath().normalize().getFileName().toString();
      return new Source(equals > 0 ? text.substring(0, equals) : own, path);
    }

    boolean isPoints() {
      return path.toString().toLowerCase(Locale.ROOT).endsWith(CSV);
    }
  }

  @Override
  public Integer call() throws IOException {
    String file = out.toString().toLowerCase(Locale.ROOT);
    Usage.require(
        spec,
        file.endsWith(PNG) || file.endsWith(SVG),
        "--out must end in %s or %s: %s".formatted(PNG, SVG, out));
    List<Line> lines = new ArrayList<>();
    String drawn = null;
    for (String text : sources) {
      Source source = Source.of(text);
      if (source.isPoints()) {
        lines.addAll(PointsFile.read(source.path));
      } else {
        MetricsCurve curve = MetricsCurve.read(source.path);
        String ofSplit = split == null ? curve.splits().iterator().next() : split;
        String name = metric == null ? curve.usual(ofSplit) : metric;
        drawn = ofSplit + " " + name;
        lines.add(PointsFile.line(source.name, curve.points(ofSplit, name)));
      }
    }
    Chart chart = chart(shown(lines), drawn);
    if (file.endsWith(SVG)) {
      OutputFile.write(out, new SvgChart(chart).text());
    } else {
      ChartImage.write(out, List.of(chart));
    }
    spec.commandLine().getOut().println(out + ": " + Counted.of(chart.lines().size(), "line"));
    return ExitCodes.DONE;
  }

  /** Returns what is drawn of the lines, each under a name of its own. */
  private List<Line> shown(List<Line> lines) {
    List<Line> shown = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Line line : lines) {
      SortedMap<Double, Double> points = new TreeMap<>();
      for (int i = 0; i < line.x().length; i++) {
        double y = perplexity ? Math.pow(2, line.y()[i]) : line.y()[i];
        if (line.x()[i] >= from && (!logarithmic || y > SMALLEST)) {
          points.put(line.x()[i], y);
        }
      }
      boolean isCut = line.x().length > 0 && from > line.x()[line.x().length - 1];
      Usage.require(
          spec,
          !points.isEmpty(),
          "nothing of %s can be drawn".formatted(line.name())
              + (isCut ? ": it ends before --from " + from : ""));
      String name = line.name();
      for (int copy = 2; !names.add(name); copy++) {
        name = line.name() + " (" + copy + ")";
      }
      shown.add(PointsFile.line(name, points));
    }
    return shown;
  }

  private Chart chart(List<Line> lines, String drawn) {
    double least = lines.stream().flatMapToDouble(l -> Arrays.stream(l.x())).min().orElseThrow();
    double most = lines.stream().flatMapToDouble(l -> Arrays.stream(l.x())).max().orElseThrow();
    String ofMetrics = drawn == null ? "y" : (perplexity ? "perplexity, 2^" : "") + drawn;
    String y = yName == null ? ofMetrics : yName;
    String x = xName == null ? (drawn == null ? "x" : "step") : xName;
    Chart.Axis axis = new Chart.Axis(x, least, most > least ? most : least + 1);
    Scale scale = logarithmic ? Scale.LOGARITHMIC : Scale.LINEAR;
    return new Chart(title == null ? y : title, axis, y, scale, lines);
  }
}
