// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/**
 * An animated PNG: the chunks of ordinary PNG files one after another, with {@code acTL} in front
 * and {@code fcTL} before each (APNG 1.0).
 */
public final class Apng {
  private static final int SIGNATURE_BYTES = 8;
  private static final int MILLISECONDS = 1000;
  private static final byte[] NOTHING = {};

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private int sequence;

  private Apng() {}

  /**
   * Returns the bytes of a file that shows the pictures repeatedly.
   *
   * @param pictures of one size and kind, at least one
   * @param milliseconds the time of each picture; the last is shown ten times as long
   */
  public static byte[] of(List<BufferedImage> pictures, int milliseconds) {
    Apng file = new Apng();
    byte[] first = ImageGrid.png(pictures.get(0));
    file.out.write(first, 0, SIGNATURE_BYTES);
    file.copy(first, "IHDR");
    file.chunk("acTL", ByteBuffer.allocate(8).putInt(pictures.size()).putInt(0).array());
    for (int i = 0; i < pictures.size(); i++) {
      int shown = i + 1 < pictures.size() ? milliseconds : 10 * milliseconds;
      file.frame(pictures.get(i), shown, i == 0);
    }
    file.chunk("IEND", NOTHING);
    return file.out.toByteArray();
  }

  private void frame(BufferedImage picture, int milliseconds, boolean isFirst) {
    ByteBuffer control = ByteBuffer.allocate(26);
    control.putInt(sequence++).putInt(picture.getWidth()).putInt(picture.getHeight());
    control.putInt(0).putInt(0); // its place
    control.putShort((short) milliseconds).putShort((short) MILLISECONDS);
    control.put((byte) 0).put((byte) 0); // it replaces the one before
    chunk("fcTL", control.array());
    byte[] png = ImageGrid.png(picture);
    if (isFirst) {
      copy(png, "IDAT");
    } else {
      each(png, "IDAT", data -> chunk("fdAT", numbered(data)));
    }
  }

  private byte[] numbered(byte[] data) {
    return ByteBuffer.allocate(4 + data.length).putInt(sequence++).put(data).array();
  }

  private void copy(byte[] png, String type) {
    each(png, type, data -> chunk(type, data));
  }

  private interface Taker {
    void take(byte[] data);
  }

  private static void each(byte[] png, String type, Taker taker) {
    ByteBuffer file = ByteBuffer.wrap(png);
    int at = SIGNATURE_BYTES;
    while (at < png.length) {
      int length = file.getInt(at);
      String found = new String(png, at + 4, 4, StandardCharsets.US_ASCII);
      if (found.equals(type)) {
        taker.take(Arrays.copyOfRange(png, at + 8, at + 8 + length));
      }
      at += 12 + length;
    }
  }

  private void chunk(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(name);
    sum.update(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(name);
    out.writeBytes(data);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }
}
