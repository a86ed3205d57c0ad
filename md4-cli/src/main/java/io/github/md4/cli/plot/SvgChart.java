// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.plot.Chart.Line;
import io.github.md4.cli.plot.Chart.Scale;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A chart as SVG: lines and words, which stay sharp at any size. */
record SvgChart(Chart chart) {
  private static final int LEFT = 80;
  private static final int RIGHT = 20;
  private static final int TOP = 40;
  private static final int PLOT_BOTTOM = 360;
  private static final int LEGEND_TOP = 425;
  private static final int LEGEND_ROW = 20;
  private static final int LEGEND_COLUMNS = 3;
  private static final int LEGEND_DASH = 18;
  private static final int TICKS = 5;
  private static final double[] COARSE = {1, 2, 5};
  private static final double[] FINE = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8};
  private static final double[] STEPS = {1, 2, 2.5, 5, 10};

  /** Returns the picture's text. */
  String text() {
    int rows = (chart.lines().size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
    int height = LEGEND_TOP + rows * LEGEND_ROW + 10;
    StringBuilder svg = new StringBuilder();
    svg.append(
        format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n",
            Chart.WIDTH, height, Chart.WIDTH, height));
    svg.append(format("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", Chart.WIDTH, height));
    word(svg, Chart.WIDTH / 2.0, 22, "middle", chart.title(), " font-weight=\"bold\"");
    axes(svg);
    for (int i = 0; i < chart.lines().size(); i++) {
      line(svg, chart.lines().get(i), color(i));
      legend(svg, i);
    }
    return svg.append("</svg>\n").toString();
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form.replace("%n", "\n"), values);
  }

  private static void word(
      StringBuilder svg, double x, double y, String anchor, String text, String more) {
    String safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    svg.append(
        format(
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>%n",
            x, y, anchor, more, safe));
  }

  private void axes(StringBuilder svg) {
    double middle = (LEFT + Chart.WIDTH - RIGHT) / 2.0;
    word(svg, middle, PLOT_BOTTOM + 42, "middle", chart.x().name(), "");
    String turned = format(" transform=\"rotate(-90 18 %d)\"", (TOP + PLOT_BOTTOM) / 2);
    word(svg, 18, (TOP + PLOT_BOTTOM) / 2.0, "middle", chart.y(), turned);
    for (double tick : ticks(chart.x().from(), chart.x().to())) {
      rule(svg, x(tick), TOP, x(tick), PLOT_BOTTOM);
      word(svg, x(tick), PLOT_BOTTOM + 18, "middle", number(tick), "");
    }
    for (double tick : yTicks()) {
      rule(svg, LEFT, y(tick), Chart.WIDTH - RIGHT, y(tick));
      word(svg, LEFT - 8, y(tick) + 4, "end", number(tick), "");
    }
  }

  private static void rule(StringBuilder svg, double x1, double y1, double x2, double y2) {
    svg.append(
        format(
            "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#ddd\" fill=\"none\"/>%n", x1, y1, x2, y2));
  }

  private void line(StringBuilder svg, Line line, String color) {
    List<String> points = new ArrayList<>();
    for (int i = 0; i < line.x().length; i++) {
      points.add(format("%.2f %.2f", x(line.x()[i]), y(line.y()[i])));
    }
    svg.append(
        format(
            "<path d=\"M%s\" stroke=\"%s\" stroke-width=\"2\" fill=\"none\""
                + " stroke-linejoin=\"round\"/>%n",
            String.join("L", points), color));
    if (points.size() == 1) {
      svg.append(
          format(
              "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3\" fill=\"%s\"/>%n",
              x(line.x()[0]), y(line.y()[0]), color));
    }
  }

  private void legend(StringBuilder svg, int i) {
    int column = (Chart.WIDTH - 2 * RIGHT) / LEGEND_COLUMNS;
    double x = RIGHT + (double) (i % LEGEND_COLUMNS) * column;
    int row = i / LEGEND_COLUMNS;
    double y = LEGEND_TOP + (double) row * LEGEND_ROW;
    svg.append(
        format(
            "<path d=\"M%.1f %.1fh%d\" stroke=\"%s\" stroke-width=\"3\"/>%n",
            x, y - 4, LEGEND_DASH, color(i)));
    word(svg, x + LEGEND_DASH + 6, y, "start", chart.lines().get(i).name(), "");
  }

  private static String color(int i) {
    Color color = Chart.color(i);
    return format("#%02x%02x%02x", color.getRed(), color.getGreen(), color.getBlue());
  }

  private double x(double value) {
    Chart.Axis axis = chart.x();
    double share = (value - axis.from()) / (axis.to() - axis.from());
    return LEFT + share * (Chart.WIDTH - RIGHT - LEFT);
  }

  private double y(double value) {
    double[] ends = yEnds();
    double share = (scaled(value) - scaled(ends[0])) / (scaled(ends[1]) - scaled(ends[0]));
    return PLOT_BOTTOM - share * (PLOT_BOTTOM - TOP);
  }

  private double scaled(double value) {
    return chart.scale() == Scale.LOGARITHMIC ? Math.log(value) : value;
  }

  /** Returns the least and the largest value, apart from each other. */
  private double[] yEnds() {
    double least =
        chart.lines().stream().flatMapToDouble(l -> Arrays.stream(l.y())).min().orElseThrow();
    double most =
        chart.lines().stream().flatMapToDouble(l -> Arrays.stream(l.y())).max().orElseThrow();
    double room = most > least ? 0 : Math.max(1e-9, Math.abs(most) / 10);
    return new double[] {least - room, most + room};
  }

  private List<Double> yTicks() {
    double[] ends = yEnds();
    if (chart.scale() == Scale.LINEAR) {
      return ticks(ends[0], ends[1]);
    }
    List<Double> ticks = new ArrayList<>();
    for (double decade = Math.floor(Math.log10(ends[0])); decade <= Math.log10(ends[1]); decade++) {
      for (double digit : Math.log10(ends[1] / ends[0]) < 1 ? FINE : COARSE) {
        double tick = digit * Math.pow(10, decade);
        if (tick >= ends[0] && tick <= ends[1]) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }

  /** Returns round numbers between two, about five of them. */
  static List<Double> ticks(double from, double to) {
    double rough = (to - from) / TICKS;
    double decade = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = decade;
    for (double each : STEPS) {
      step = each * decade;
      if (step >= rough) {
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** Returns a number without digits that say nothing. */
  static String number(double value) {
    String text = String.format(Locale.ROOT, "%.6g", value);
    if (text.contains("e")) {
      return text.replaceFirst("\\.?0+e", "e");
    }
    return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }
}
