// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.IIOException;
import javax.imageio.ImageReader;

/** The pixels of a picture, as its file stores them. */
record PicturePixels(Pixels pixels, int height) {
  private static final int LARGEST = 255;
  private static final int GREY_IN_EACH_COLOUR = 0x010101;
  private static final int INKS = 4;

  /** Red, green and blue of a pixel in one number. */
  private interface Pixels {
    int rgb(int x, int y);
  }

  int rgb(int x, int y) {
    return pixels.rgb(x, y);
  }

  /**
   * Reads the picture.
   *
   * @param file the bytes that the reader reads
   */
  static PicturePixels of(ImageReader reader, byte[] file) throws IOException {
    BufferedImage picture;
    try {
      picture = reader.read(0);
    } catch (IIOException e) {
      if (!reader.canReadRaster() || reader.readRaster(0, null).getNumBands() != INKS) {
        throw e;
      }
      return ofInks(reader.readRaster(0, null), file); // a Java that knows no inks
    }
    boolean isOfInks = picture.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_CMYK;
    return isOfInks && reader.canReadRaster()
        ? ofInks(reader.readRaster(0, null), file)
        : new PicturePixels(pixels(picture), picture.getHeight());
  }

  private static Pixels pixels(BufferedImage picture) {
    ColorModel model = picture.getColorModel();
    Raster raster = picture.getRaster();
    int bits = model.getComponentSize(0);
    boolean isOfBytes = bits == Byte.SIZE || bits == Short.SIZE;
    if (model instanceof IndexColorModel || !isOfBytes) {
      return picture::getRGB;
    }
    if (model.getColorSpace().getType() == ColorSpace.TYPE_GRAY) { // Java would bend it to sRGB
      return (x, y) -> value(raster, x, y, 0, bits) * GREY_IN_EACH_COLOUR;
    }
    if (model.getColorSpace().getType() == ColorSpace.TYPE_RGB && bits == Short.SIZE) {
      return (x, y) ->
          value(raster, x, y, 0, bits) << 16
              | value(raster, x, y, 1, bits) << 8
              | value(raster, x, y, 2, bits);
    }
    return picture::getRGB;
  }

  private static int value(Raster raster, int x, int y, int band, int bits) {
    int sample = raster.getSample(x, y, band);
    return bits == Byte.SIZE ? sample : Math.round(sample * (float) LARGEST / 0xFFFF);
  }

  /** Returns cyan, magenta, yellow and black as colours, without a profile of inks. */
  private static PicturePixels ofInks(Raster inks, byte[] file) {
    int adobe = new String(file, StandardCharsets.ISO_8859_1).indexOf("\u00FF\u00EE\0\u000EAdobe");
    boolean isInverted = adobe >= 0; // Adobe's programs store what is left of the light
    boolean isYcck = isInverted && adobe + 15 < file.length && file[adobe + 15] == 2;
    Pixels pixels =
        (x, y) -> {
          int[] ink = inks.getPixel(x, y, new int[INKS]);
          int[] light = isYcck ? ofYcck(ink) : ink;
          int rgb = 0;
          for (int colour = 0; colour < INKS - 1; colour++) {
            int of = isInverted ? light[colour] : LARGEST - light[colour];
            int black = isInverted ? ink[INKS - 1] : LARGEST - ink[INKS - 1];
            rgb = rgb << 8 | Math.round(of * black / (float) LARGEST);
          }
          return rgb;
        };
    return new PicturePixels(pixels, inks.getHeight());
  }

  private static int[] ofYcck(int[] ycc) {
    double blue = ycc[1] - 128.0;
    double red = ycc[2] - 128.0;
    return new int[] {
      LARGEST - bounded(ycc[0] + 1.402 * red),
      LARGEST - bounded(ycc[0] - 0.344136 * blue - 0.714136 * red),
      LARGEST - bounded(ycc[0] + 1.772 * blue)
    };
  }

  private static int bounded(double value) {
    return (int) Math.round(Math.max(0, Math.min(LARGEST, value)));
  }
}
