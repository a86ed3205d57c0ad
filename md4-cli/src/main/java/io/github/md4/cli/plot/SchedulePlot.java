// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.cli.plot.Chart.Scale;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/** The plot of schedules as in Figure 1 of the paper: alpha, and the weight of the loss. */
public record SchedulePlot(List<MaskingSchedule> schedules) {
  private static final int POINTS = 400;
  private static final Chart.Axis TIME = new Chart.Axis("t", 0, 1);

  /** The least weight shown: below it the axis would show only the cosine's fall to 0 at time 1. */
  private static final double LEAST_WEIGHT = 1e-2;

  /** Writes a PNG, and replaces an old one. */
  public void write(Path file) throws IOException {
    Chart alpha =
        new Chart(
            "probability of being unmasked",
            TIME,
            "alpha",
            Scale.LINEAR,
            lines(MaskingSchedule::alpha));
    Chart weight =
        new Chart(
            "weight of the cross-entropy",
            TIME,
            "-alpha' / (1 - alpha)",
            Scale.LOGARITHMIC,
            lines((schedule, t) -> Math.max(LEAST_WEIGHT, -schedule.lossWeight(t))));
    ChartImage.write(file, List.of(alpha, weight));
  }

  private List<Line> lines(ToDoubleBiFunction<MaskingSchedule, Double> of) {
    // Not at the very ends, where weights are largest or none.
    double[] times = IntStream.range(1, POINTS).mapToDouble(i -> (double) i / POINTS).toArray();
    return schedules.stream()
        .map(
            schedule -> {
              double[] y = new double[times.length];
              for (int i = 0; i < y.length; i++) {
                y[i] = of.applyAsDouble(schedule, times[i]);
              }
              return new Line(schedule.curve().toString(), times, y);
            })
        .toList();
  }
}
