// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** The frame of a TFRecord: length, its checksum, the data, its checksum; all little-endian. */
final class RecordFrame {
  private static final int MASK_DELTA = 0xa282ead8;

  private RecordFrame() {}

  /** Returns {@code data} in its frame. */
  static byte[] of(byte[] data) {
    ByteBuffer frame =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + data.length + Integer.BYTES);
    frame.order(ByteOrder.LITTLE_ENDIAN);
    frame.putLong(data.length);
    frame.putInt(maskedCrc(frame.array(), Long.BYTES));
    frame.put(data);
    frame.putInt(maskedCrc(data, data.length));
    return frame.array();
  }

  /** Returns the CRC32C of the first {@code length} bytes, rotated right by 15, plus a constant. */
  static int maskedCrc(byte[] data, int length) {
    CRC32C crc = new CRC32C();
    crc.update(data, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }
}
