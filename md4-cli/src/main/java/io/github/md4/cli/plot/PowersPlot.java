// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.cli.plot.Chart.Scale;
import io.github.md4.core.schedule.GenMd4Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The plot of learned powers: alpha over time for the tokens that are revealed first and last, and
 * all powers in order.
 *
 * @param order all tokens, those revealed first in front
 * @param name the name of a token
 */
public record PowersPlot(GenMd4Schedule schedule, List<Integer> order, IntFunction<String> name) {
  private static final int POINTS = 400;
  private static final int ENDS = 3;

  /** Writes a PNG, and replaces an old one. */
  public void write(Path file) throws IOException {
    Chart alpha =
        new Chart(
            "probability of being unmasked",
            new Chart.Axis("t", 0, 1),
            "alpha",
            Scale.LINEAR,
            alphas());
    Chart powers =
        new Chart(
            "powers, those revealed first in front",
            new Chart.Axis("rank", 1, Math.max(2, order.size())),
            "power",
            Scale.LINEAR,
            List.of(powers()));
    ChartImage.write(file, List.of(alpha, powers));
  }

  private List<Line> alphas() {
    List<Line> lines = new ArrayList<>();
    for (int token : ends()) {
      String label = "%s (%.2f)".formatted(name.apply(token), schedule.power(token));
      lines.add(line(label, schedule, token));
    }
    return lines;
  }

  private List<Integer> ends() {
    int size = order.size();
    if (size <= 2 * ENDS) {
      return order;
    }
    List<Integer> ends = new ArrayList<>(order.subList(0, ENDS));
    ends.addAll(order.subList(size - ENDS, size));
    return ends;
  }

  private static Line line(String label, GenMd4Schedule schedule, int token) {
    double[] t = new double[POINTS + 1];
    double[] alpha = new double[POINTS + 1];
    for (int i = 0; i <= POINTS; i++) {
      t[i] = (double) i / POINTS;
      alpha[i] = schedule.alpha(t[i], token);
    }
    return new Line(label, t, alpha);
  }

  private Line powers() {
    double[] ranks = new double[order.size()];
    double[] powers = new double[order.size()];
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = i + 1.0;
      powers[i] = schedule.power(order.get(i));
    }
    return new Line("learned powers", ranks, powers);
  }
}
