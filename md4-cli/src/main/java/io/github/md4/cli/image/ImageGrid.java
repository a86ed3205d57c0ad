// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.image;

import io.github.md4.core.token.ImageShape;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * A picture of images side by side, row by row. A masked value is shown as medium grey.
 *
 * @param columns the number of images in a row, at least 1
 * @param scale the side of an image's pixel in pixels of the picture, at least 1
 */
public record ImageGrid(ImageShape shape, int columns, int scale) {
  private static final int GAP = 1;
  private static final int BACKGROUND = 255;
  private static final int MASKED = 128;
  private static final int VALUES = 256;
  private static final int COLOURED = 3;

  /** Checks that a picture can show the images. */
  public ImageGrid {
    if (shape.colours() != 1 && shape.colours() != COLOURED) {
      throw new IllegalArgumentException(
          "images of 1 or 3 colours can be shown: " + shape.colours());
    }
    if (columns < 1 || scale < 1) {
      throw new IllegalArgumentException(
          "columns and scale must be at least 1: %d, %d".formatted(columns, scale));
    }
  }

  /** Returns a grid that is about as wide as high for {@code count} images. */
  public static ImageGrid square(ImageShape shape, int count) {
    int columns = Math.max(1, (int) Math.ceil(Math.sqrt(count)));
    int least = 512 / (columns * Math.max(shape.height(), shape.width()));
    return new ImageGrid(shape, columns, Math.max(1, Math.min(least, 4)));
  }

  /**
   * Returns the picture.
   *
   * @param images tokens 0 to 255, 256 where masked, [N] each; at least one
   */
  public BufferedImage of(List<int[]> images) {
    int rows = (images.size() + columns - 1) / columns;
    int shown = Math.min(columns, images.size());
    BufferedImage picture =
        new BufferedImage(
            shown * (shape.width() * scale + GAP) + GAP,
            rows * (shape.height() * scale + GAP) + GAP,
            shape.colours() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    fill(picture.getRaster());
    for (int i = 0; i < images.size(); i++) {
      draw(picture.getRaster(), images.get(i), i);
    }
    return picture;
  }

  /** Returns the picture as the bytes of a PNG file. */
  public byte[] png(List<int[]> images) {
    return png(of(images));
  }

  static byte[] png(BufferedImage picture) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(picture, "png", bytes)) {
        throw new IllegalStateException("Java has no writer of PNG");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a picture in memory", e);
    }
    return bytes.toByteArray();
  }

  private static void fill(WritableRaster raster) {
    int[] background = new int[raster.getWidth() * raster.getHeight()];
    Arrays.fill(background, BACKGROUND);
    for (int band = 0; band < raster.getNumBands(); band++) {
      raster.setSamples(0, 0, raster.getWidth(), raster.getHeight(), band, background);
    }
  }

  private void draw(WritableRaster raster, int[] image, int place) {
    int left = place % columns * (shape.width() * scale + GAP) + GAP;
    int top = place / columns * (shape.height() * scale + GAP) + GAP;
    for (int y = 0; y < shape.height() * scale; y++) {
      for (int x = 0; x < shape.width() * scale; x++) {
        int pixel = y / scale * shape.width() + x / scale;
        for (int colour = 0; colour < shape.colours(); colour++) {
          int token = image[pixel * shape.colours() + colour];
          raster.setSample(left + x, top + y, colour, token < VALUES ? token : MASKED);
        }
      }
    }
  }
}
