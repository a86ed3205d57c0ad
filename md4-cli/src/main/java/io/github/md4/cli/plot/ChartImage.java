// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plot;

import io.github.md4.cli.file.OutputFile;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;

/** The writer of charts side by side. */
final class ChartImage {
  private ChartImage() {}

  /**
   * Writes a PNG, and replaces an old one.
   *
   * @throws IOException if it cannot be written, or this Java has no fonts
   */
  static void write(Path file, List<Chart> charts) throws IOException {
    BufferedImage whole = withFonts(file, () -> drawn(charts));
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    if (!ImageIO.write(whole, "png", png)) {
      throw new IOException(file + ": this Java cannot write PNG");
    }
    OutputFile.write(file, png.toByteArray());
  }

  /** Draws; the Java of a server may lack the libraries that fonts need. */
  static BufferedImage withFonts(Path file, Supplier<BufferedImage> drawing) throws IOException {
    try {
      return drawing.get();
    } catch (LinkageError e) {
      throw new IOException(
          "%s is not written, because this Java cannot draw text: %s; install fontconfig and harfbuzz"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static BufferedImage drawn(List<Chart> charts) {
    BufferedImage whole =
        new BufferedImage(Chart.WIDTH * charts.size(), Chart.HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = whole.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      BufferedImage one = BitmapEncoder.getBufferedImage(charts.get(i).drawn());
      graphics.drawImage(one, i * Chart.WIDTH, 0, null);
    }
    graphics.dispose();
    return whole;
  }
}
