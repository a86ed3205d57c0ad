// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** PNG files byte by byte, of kinds that Java does not write. */
final class PngFiles {
  /** The values of the palette's two entries, in each colour. */
  static final int DARK = 17;

  static final int LIGHT = 201;

  private static final int GREY = 0;
  private static final int PALETTE = 3;

  private PngFiles() {}

  /**
   * Returns a picture of one row.
   *
   * @param stored the value of each pixel, in every band
   * @param transparent the value, or entry of the palette, that the chunk tRNS names
   */
  static byte[] withTransparent(int colourType, int bits, int[] stored, int transparent)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream png = new DataOutputStream(bytes);
    png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    new DataOutputStream(header).writeInt(stored.length);
    new DataOutputStream(header).writeInt(1);
    header.write(new byte[] {(byte) bits, (byte) colourType, 0, 0, 0});
    chunk(png, "IHDR", header.toByteArray());
    if (colourType == PALETTE) {
      byte light = (byte) LIGHT;
      chunk(png, "PLTE", new byte[] {DARK, DARK, DARK, light, light, light});
      chunk(png, "tRNS", transparent == 0 ? new byte[] {0} : new byte[] {(byte) 255, 0});
    } else {
      byte high = (byte) (transparent >> 8);
      byte low = (byte) transparent;
      byte[] grey = {high, low};
      chunk(png, "tRNS", colourType == GREY ? grey : new byte[] {high, low, high, low, high, low});
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream row = new DeflaterOutputStream(packed)) {
      row.write(row(stored, bits, colourType == GREY || colourType == PALETTE ? 1 : 3));
    }
    chunk(png, "IDAT", packed.toByteArray());
    chunk(png, "IEND", new byte[0]);
    return bytes.toByteArray();
  }

  /** The filter "none", and the samples from the highest bit on. */
  private static byte[] row(int[] stored, int bits, int bands) {
    byte[] row = new byte[1 + (stored.length * bands * bits + 7) / 8];
    for (int bit = 0; bit < stored.length * bands * bits; bit++) {
      int value = stored[bit / bits / bands];
      int one = value >> (bits - 1 - bit % bits) & 1;
      row[1 + bit / 8] |= (byte) (one << (7 - bit % 8));
    }
    return row;
  }

  private static void chunk(DataOutputStream png, String name, byte[] content) throws IOException {
    CRC32 sum = new CRC32();
    byte[] type = name.getBytes(StandardCharsets.US_ASCII);
    sum.update(type);
    sum.update(content);
    png.writeInt(content.length);
    png.write(type);
    png.write(content);
    png.writeInt((int) sum.getValue());
  }
}
