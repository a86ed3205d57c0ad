// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.cli.plot.Chart.Scale;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.trace.Trace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The plot of the number of tokens that each step reveals, as in Figure 2 (right) of the paper:
 * those of a trace, and the means of linear and cosine schedules on the uniform grid.
 */
public record RevealPlot(Trace trace) {
  /** The number of bins of steps, so that few samples show a trend. */
  private static final int BINS = 32;

  /** Writes a PNG, and replaces an old one. */
  public void write(Path file) throws IOException {
    Chart chart =
        new Chart(
            "tokens revealed per step, %s, %s"
                .formatted(Counted.of(steps(), "step"), Counted.of(length(), "token")),
            new Chart.Axis("step", 0, steps()),
            "tokens",
            Scale.LINEAR,
            List.of(
                seen(),
                expected("linear", new Curve.Linear()),
                expected("cosine", new Curve.Cosine())));
    ChartImage.write(file, List.of(chart));
  }

  /** Returns the number of steps of the trace's grid, or of its calls without a grid. */
  int steps() {
    int taken =
        trace.histories().stream()
            .flatMap(history -> history.events().stream())
            .mapToInt(event -> event.step() + 1)
            .max()
            .orElse(1);
    return trace.header().steps() == 0 ? taken : trace.header().steps();
  }

  private int length() {
    return trace.histories().get(0).initial().size();
  }

  /**
   * Returns the means over the trace's sequences and neighbouring steps. Positions left over at
   * time 0 count to the last step.
   */
  Line seen() {
    double[] counts = new double[steps()];
    for (Trace.History history : trace.histories()) {
      history.events().stream()
          .filter(event -> !Double.isNaN(event.probability()))
          .forEach(event -> counts[Math.min(event.step(), counts.length - 1)]++);
    }
    int together = Math.max(1, counts.length / BINS);
    double[] means = new double[counts.length];
    for (int step = 0; step < counts.length; step++) {
      int first = step / together * together;
      int end = Math.min(first + together, counts.length);
      double sum = Arrays.stream(counts, first, end).sum();
      means[step] = sum / (end - first) / trace.histories().size();
    }
    String name = "this trace, mean of " + Counted.of(trace.histories().size(), "sample");
    return new Line(together == 1 ? name : name + ", " + together + " steps", numbers(), means);
  }

  /** Returns the mean numbers that a schedule reveals on the uniform grid. */
  Line expected(String name, Curve curve) {
    MaskingSchedule schedule = new MaskingSchedule(curve, trace.header().epsilon());
    SamplingGrid grid = new SamplingGrid.Uniform();
    double[] counts = new double[steps()];
    for (int step = 0; step < counts.length; step++) {
      double alphaS = schedule.alpha(grid.time(step + 1, counts.length));
      counts[step] = length() * (alphaS - schedule.alpha(grid.time(step, counts.length)));
    }
    return new Line(name, numbers(), counts);
  }

  private double[] numbers() {
    return IntStream.range(0, steps()).mapToDouble(step -> step + 1).toArray();
  }
}
