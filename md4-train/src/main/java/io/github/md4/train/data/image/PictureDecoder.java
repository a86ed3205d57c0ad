// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;

/** The decoder of PNG and JPEG files. */
public final class PictureDecoder {
  private static final int GREY = 1;
  private static final int EIGHT_BITS = 8;

  private PictureDecoder() {}

  /** Returns whether a file's name has one of the endings of PNG and JPEG. */
  static boolean isNamed(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
  }

  /**
   * Returns the tokens of a picture that has a given size.
   *
   * @throws InvalidDataException if the file is missing, damaged or of another size
   */
  public static int[] tokens(Path file, ImageShape shape) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(file, "no such file; it must be a PNG or JPEG");
    }
    Image image;
    try {
      image = decode(Files.readAllBytes(file), shape.colours());
    } catch (IOException e) {
      throw new InvalidDataException(file, "cannot be read: " + e.getMessage(), e);
    }
    if (!image.shape().equals(shape)) {
      throw new InvalidDataException(
          file, "must be a picture of %s: %s".formatted(shape, image.shape()));
    }
    return image.tokens();
  }

  /**
   * Decodes the bytes of a file.
   *
   * @param colours the number of colours of the result, 1 or 3; a grey value is repeated for three,
   *     and three become the luminance for one
   * @throws IOException if the file is damaged or of an unknown kind
   */
  static Image decode(byte[] file, int colours) throws IOException {
    BufferedImage picture;
    try {
      picture = ImageIO.read(new ByteArrayInputStream(file));
    } catch (RuntimeException e) { // thrown for some kinds of damage
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
    if (picture == null) {
      throw new IOException("neither PNG nor JPEG");
    }
    ImageShape shape = new ImageShape(picture.getHeight(), picture.getWidth(), colours);
    byte[] values = new byte[shape.size()];
    Pixels pixels = isGrey(picture) ? grey(picture.getRaster()) : picture::getRGB;
    for (int pixel = 0; pixel < shape.pixels(); pixel++) {
      int rgb = pixels.rgb(pixel % shape.width(), pixel / shape.width());
      put(values, pixel * colours, rgb, colours);
    }
    return new Image(shape, values);
  }

  /** Red, green and blue of a pixel in one number. */
  private interface Pixels {
    int rgb(int x, int y);
  }

  /** Grey values are taken as they are stored: Java would bend them to sRGB. */
  private static Pixels grey(Raster raster) {
    return (x, y) -> raster.getSample(x, y, 0) * 0x010101;
  }

  private static boolean isGrey(BufferedImage picture) {
    return picture.getRaster().getNumBands() == 1
        && picture.getSampleModel().getSampleSize(0) == EIGHT_BITS
        && picture.getColorModel().getNumComponents() == 1;
  }

  private static void put(byte[] values, int at, int rgb, int colours) {
    int red = rgb >> 16 & 0xFF;
    int green = rgb >> 8 & 0xFF;
    int blue = rgb & 0xFF;
    if (colours == GREY) {
      values[at] = (byte) Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    } else {
      values[at] = (byte) red;
      values[at + 1] = (byte) green;
      values[at + 2] = (byte) blue;
    }
  }
}
