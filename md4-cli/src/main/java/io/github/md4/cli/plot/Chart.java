// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A chart of lines.
 *
 * @param title the title above it
 * @param y the name of its vertical axis
 */
record Chart(String title, Axis x, String y, Scale scale, List<Line> lines) {
  static final int WIDTH = 640;
  static final int HEIGHT = 460;
  private static final float STROKE = 2;
  private static final int FONT_SIZE = 13;
  private static final int TICK_SPACING = 90;
  private static final String NUMBER = "0.######";
  private static final int LEGEND_LINE = 14;

  /** With more, the legend stands beside the plot. */
  private static final int LINES_OF_A_ROW = 4;

  /** Colours that colour-blind readers can tell apart (the first six: Okabe and Ito). */
  private static final Color[] COLORS = {
    new Color(0, 114, 178), new Color(213, 94, 0), new Color(0, 158, 115),
    new Color(204, 121, 167), new Color(86, 180, 233), new Color(230, 159, 0),
    new Color(0, 0, 0), new Color(120, 94, 240), new Color(150, 150, 150),
    new Color(136, 34, 85), new Color(100, 143, 30), new Color(90, 60, 20)
  };

  /** The horizontal axis: its name and its ends. */
  record Axis(String name, double from, double to) {}

  /** The division of the vertical axis. */
  enum Scale {
    /** As the values are. */
    LINEAR {
      @Override
      double[] places(double... values) {
        return values;
      }

      @Override
      void style(XYStyler styler) {
        styler.setYAxisDecimalPattern(NUMBER);
      }
    },
    /** By their logarithms; XChart's own such axis has no numbers within a decade. */
    LOGARITHMIC {
      @Override
      double[] places(double... values) {
        return Arrays.stream(values).map(Math::log10).toArray();
      }

      @Override
      void style(XYStyler styler) {
        styler.setyAxisTickLabelsFormattingFunction(
            place -> SvgChart.number(rounded(Math.pow(10, place))));
      }
    };

    /** Returns where values stand on a linear axis. */
    abstract double[] places(double... values);

    abstract void style(XYStyler styler);

    /** Returns a number to three digits. */
    private static double rounded(double value) {
      return Double.parseDouble(String.format(Locale.ROOT, "%.2e", value));
    }
  }

  /** A line through points, {@code x} rising. */
  record Line(String name, double[] x, double[] y) {}

  /** Returns the chart drawn by XChart. */
  XYChart drawn() {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x.name)
            .yAxisTitle(y)
            .build();
    style(chart.getStyler());
    for (Line line : lines) {
      XYSeries series =
          chart.addSeries(
              line.name, withPointBetween(line.x), withPointBetween(scale.places(line.y)));
      series.setMarker(SeriesMarkers.NONE);
      series.setLineStyle(new BasicStroke(STROKE));
      series.setLineColor(color(chart.getSeriesMap().size() - 1));
    }
    return chart;
  }

  /** Returns the colour of a line by its number. */
  static Color color(int line) {
    return COLORS[line % COLORS.length];
  }

  /**
   * Returns values with one more, a third of the way from the first to the second. XChart puts
   * ticks at values of x that are equally spaced, far too many; others it spaces as it is told.
   */
  private static double[] withPointBetween(double[] values) {
    if (values.length < 2) {
      return values;
    }
    double[] all = new double[values.length + 1];
    System.arraycopy(values, 1, all, 2, values.length - 1);
    all[0] = values[0];
    all[1] = values[0] + (values[1] - values[0]) / 3;
    return all;
  }

  private void style(XYStyler styler) {
    styler.setXAxisMin(x.from);
    styler.setXAxisMax(x.to);
    styler.setXAxisTickMarkSpacingHint(TICK_SPACING);
    styler.setXAxisDecimalPattern(NUMBER);
    scale.style(styler);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    boolean isOneRow = lines.size() <= LINES_OF_A_ROW;
    styler.setLegendPosition(isOneRow ? LegendPosition.OutsideS : LegendPosition.OutsideE);
    styler.setLegendLayout(isOneRow ? LegendLayout.Horizontal : LegendLayout.Vertical);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendSeriesLineLength(LEGEND_LINE);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, FONT_SIZE + 1));
    styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, FONT_SIZE));
    styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, FONT_SIZE - 1));
    styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, FONT_SIZE - 1));
  }
}
