// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.trace.Trace;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlotTest {
  private static final int LENGTH = 12_288;

  @TempDir private Path folder;

  private static Trace trace(int steps, Trace.Event... events) {
    return new Trace(
        new Trace.Header(Map.of(), steps, "linear", 1e-4),
        List.of(
            new Trace.History(0, Collections.nCopies(LENGTH, "\u2588"), List.of(events)),
            new Trace.History(1, Collections.nCopies(LENGTH, "\u2588"), new ArrayList<>())));
  }

  /** The paper's Figure 2: 48 tokens at each of 256 steps, or few first and then ever more. */
  @Test
  void expected_isThePapers() {
    RevealPlot plot = new RevealPlot(trace(256));
    double[] linear = plot.expected("linear", new Curve.Linear()).y();
    double[] cosine = plot.expected("cosine", new Curve.Cosine()).y();
    assertThat(linear).hasSize(256).containsOnly(new double[] {linear[0]}, within(1e-9));
    assertThat(linear[0]).isCloseTo(48, within(0.01)); // but for epsilon
    assertThat(cosine[0]).isLessThan(0.5);
    assertThat(cosine[255]).isCloseTo(48 * Math.PI / 2, within(0.1));
    for (int step = 1; step < 256; step++) {
      assertThat(cosine[step]).isGreaterThan(cosine[step - 1]);
    }
  }

  /** Two stories, so an event is half a token; what masks again is no reveal. */
  @Test
  void seen_isTheMeanOfTheStories() {
    RevealPlot plot =
        new RevealPlot(
            trace(
                4,
                new Trace.Event(1, 0.75, 5, "a", 0.5),
                new Trace.Event(1, 0.75, 6, "a", 0.5),
                new Trace.Event(2, 0.5, 6, "\u2588", Double.NaN),
                new Trace.Event(4, 0, 6, "b", 0.5)));
    assertThat(plot.seen().y()).containsExactly(0, 1, 0, 0.5);
    assertThat(new RevealPlot(trace(0, new Trace.Event(6, 0.5, 1, "a", 1))).steps()).isEqualTo(7);
  }

  @Test
  void seen_ofManyStepsIsTakenTogether() {
    double[] seen = new RevealPlot(trace(64, new Trace.Event(3, 0.9, 1, "a", 1))).seen().y();
    assertThat(seen).hasSize(64);
    assertThat(seen[2]).isEqualTo(seen[3]).isEqualTo(0.25);
    assertThat(seen[4]).isZero();
  }

  @Test
  void pictures_areDrawn() throws IOException {
    Path reveals = folder.resolve("reveals.png");
    new RevealPlot(trace(16, new Trace.Event(3, 0.9, 1, "a", 1))).write(reveals);
    assertThat(colors(reveals, Chart.WIDTH)).isGreaterThan(20);
    Path schedules = folder.resolve("schedules.png");
    new SchedulePlot(
            List.of(
                new MaskingSchedule(new Curve.Linear()),
                new MaskingSchedule(new Curve.Polynomial(0.5)),
                new MaskingSchedule(new Curve.Geometric())))
        .write(schedules);
    assertThat(colors(schedules, 2 * Chart.WIDTH)).isGreaterThan(20);
  }

  @Test
  void aJavaWithoutFonts_isSaid() {
    assertThatThrownBy(
            () ->
                ChartImage.withFonts(
                    folder.resolve("a.png"),
                    () -> {
                      throw new UnsatisfiedLinkError("libharfbuzz.so.0: cannot open");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.png is not written")
        .hasMessageContaining("libharfbuzz.so.0: cannot open; install fontconfig and harfbuzz");
  }

  private static int colors(Path file, int width) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(width);
    assertThat(image.getHeight()).isEqualTo(Chart.HEIGHT);
    Set<Integer> colors = new HashSet<>();
    for (int rgb : image.getRGB(0, 0, width, Chart.HEIGHT, null, 0, width)) {
      colors.add(rgb);
    }
    return colors.size();
  }
}
