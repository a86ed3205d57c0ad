// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** JPEG files of four bands. */
final class JpegFiles {
  private static final int SIZE = 16;

  private JpegFiles() {}

  /**
   * Returns a picture of one colour, with Adobe's segment.
   *
   * @param stored the values of the bands
   * @param transform of the segment: 0 for inks, 2 for inks as brightness and colour
   */
  static byte[] ofInks(int[] stored, int transform) throws IOException {
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, SIZE, SIZE, stored.length, null);
    for (int i = 0; i < SIZE * SIZE; i++) {
      raster.setPixel(i % SIZE, i / SIZE, stored);
    }
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(plain)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(raster, null, null), null);
    } finally {
      writer.dispose();
    }
    return withAdobe(plain.toByteArray(), transform);
  }

  private static byte[] withAdobe(byte[] jpeg, int transform) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2); // the start of the image
    out.write(new byte[] {(byte) 0xFF, (byte) 0xEE, 0, 14});
    out.write("Adobe".getBytes(StandardCharsets.US_ASCII));
    out.write(new byte[] {0, 100, 0, 0, 0, 0, (byte) transform});
    out.write(jpeg, 2, jpeg.length - 2);
    return out.toByteArray();
  }
}
