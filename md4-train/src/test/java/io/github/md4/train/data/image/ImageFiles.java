// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Image files of every kind, made of a value for each (image, row, column, colour). */
final class ImageFiles {
  private ImageFiles() {}

  /** A value that tells its place. */
  static int value(int image, int row, int column, int colour) {
    return (image * 71 + row * 29 + column * 13 + colour * 101) % 256;
  }

  static byte[] cifar(int images, int... labels) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int image = 0; image < images; image++) {
      bytes.write(labels[image]);
      for (int colour = 0; colour < 3; colour++) {
        for (int pixel = 0; pixel < 1024; pixel++) {
          bytes.write(value(image, pixel / 32, pixel % 32, colour));
        }
      }
    }
    return bytes.toByteArray();
  }

  static byte[] idx(int images, int height, int width) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + images * height * width);
    bytes.putInt(0x00000803).putInt(images).putInt(height).putInt(width);
    for (int i = 0; i < images * height * width; i++) {
      int pixel = i % (height * width);
      bytes.put((byte) value(i / (height * width), pixel / width, pixel % width, 0));
    }
    return bytes.array();
  }

  static byte[] idxLabels(int... labels) {
    ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length);
    bytes.putInt(0x00000801).putInt(labels.length);
    for (int label : labels) {
      bytes.put((byte) label);
    }
    return bytes.array();
  }

  static byte[] npy(String type, String shape, byte[] data) {
    String header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n".formatted(type, shape);
    ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + data.length);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) 1).put((byte) 0);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putShort((short) header.length());
    return bytes.put(header.getBytes(StandardCharsets.US_ASCII)).put(data).array();
  }

  static byte[] values(int images, int height, int width, int colours) {
    byte[] values = new byte[images * height * width * colours];
    for (int i = 0; i < values.length; i++) {
      int pixel = i / colours;
      int place = pixel % (height * width);
      values[i] = (byte) value(pixel / (height * width), place / width, place % width, i % colours);
    }
    return values;
  }

  static byte[] png(int image, int height, int width) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        int rgb = 0;
        for (int colour = 0; colour < 3; colour++) {
          rgb = rgb << 8 | value(image, row, column, colour);
        }
        picture.setRGB(column, row, rgb);
      }
    }
    return encoded(picture, "png");
  }

  static byte[] greyPng(int image, int height, int width) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        picture.getRaster().setSample(column, row, 0, value(image, row, column, 0));
      }
    }
    return encoded(picture, "png");
  }

  private static byte[] encoded(BufferedImage picture, String format) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(picture, format, bytes)) {
        throw new IllegalStateException("no writer of " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static byte[] tar(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(file.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(file.getValue());
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  static byte[] gzip(byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream packed = new GZIPOutputStream(bytes)) {
      packed.write(data);
    }
    return bytes.toByteArray();
  }

  static byte[] xz(byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream packed = new XZOutputStream(bytes, new LZMA2Options(1))) {
      packed.write(data);
    }
    return bytes.toByteArray();
  }

  static Path write(Path folder, String name, byte[] data) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, data);
  }
}
