// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.token.ImageShape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The decoder of PNG and JPEG files, of at most 2^26 pixels. Values are those that the file stores,
 * of 16 bits to the nearest of 8; transparency has no effect. Colours become grey by the luma of
 * ITU-R BT.601; grey is repeated for three colours.
 */
public final class PictureDecoder {
  private static final Set<String> OTHERS =
      Set.of("avif", "bmp", "gif", "heic", "jfif", "tif", "tiff", "webp");

  private static final int GREY = 1;
  private static final long MOST_PIXELS = 1 << 26;

  private PictureDecoder() {}

  /**
   * Returns whether a file's name has the ending of a picture. Those of other formats are met, too,
   * so that they are told of as what cannot be read.
   */
  static boolean isPicture(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return isNamed(name) || OTHERS.contains(ending);
  }

  /** Returns whether a file's name has one of the endings of PNG and JPEG. */
  static boolean isNamed(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
  }

  /**
   * {@return the tokens of a picture that has a given size, [height x width x colours] in [0, 256),
   * row by row}
   *
   * @param file a PNG or JPEG file; messages name it
   * @param shape the height, width and colours that the picture must have
   * @throws InvalidDataException if the file is missing, damaged or of another size
   * @throws IOException if a file cannot be read
   */
  public static int[] tokens(Path file, ImageShape shape) throws IOException {
    new UntrustedFile(file).checkExists("; it must be a PNG or JPEG");
    Image image;
    try {
      image = decode(Files.readAllBytes(file), shape.colours());
    } catch (IOException e) {
      throw new UntrustedFile(file).refused("cannot be read", e);
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
   * <p>Values are those that the file stores, of 16 bits to the nearest of 8; transparency has no
   * effect.
   *
   * @param colours the number of colours of the result, 1 or 3; a grey value is repeated for three,
   *     and three become the luminance for one
   * @throws IOException if the file is damaged or of an unknown kind
   */
  static Image decode(byte[] file, int colours) throws IOException {
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException("neither PNG nor JPEG");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, false, true);
        checkSize(reader.getWidth(0), reader.getHeight(0));
        return image(PicturePixels.of(reader, file), reader.getWidth(0), colours);
      } finally {
        reader.dispose();
      }
    } catch (RuntimeException e) { // what readers throw at some damages
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void checkSize(int width, int height) throws IOException {
    if (width < 1 || height < 1 || (long) width * height > MOST_PIXELS) {
      throw new IOException(
          "must have at least 1 and at most %d pixels: %d x %d"
              .formatted(MOST_PIXELS, width, height));
    }
  }

  private static Image image(PicturePixels pixels, int width, int colours) {
    ImageShape shape = new ImageShape(pixels.height(), width, colours);
    byte[] values = new byte[shape.size()];
    for (int pixel = 0; pixel < shape.pixels(); pixel++) {
      put(values, pixel * colours, pixels.rgb(pixel % width, pixel / width), colours);
    }
    return new Image(shape, values);
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
