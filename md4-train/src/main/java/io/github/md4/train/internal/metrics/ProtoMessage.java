// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The bytes of a protocol buffer message, built field by field. */
final class ProtoMessage {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  void putInt(int field, long value) {
    putTag(field, VARINT);
    putVarint(value);
  }

  void putDouble(int field, double value) {
    putTag(field, FIXED_64);
    ByteBuffer buffer = ByteBuffer.allocate(Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.writeBytes(buffer.putDouble(value).array());
  }

  void putFloat(int field, float value) {
    putTag(field, FIXED_32);
    ByteBuffer buffer = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.writeBytes(buffer.putFloat(value).array());
  }

  void putString(int field, String value) {
    putBytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  void putMessage(int field, ProtoMessage value) {
    putBytes(field, value.toBytes());
  }

  void putBytes(int field, byte[] value) {
    putTag(field, LENGTH_DELIMITED);
    putVarint(value.length);
    bytes.writeBytes(value);
  }

  private void putTag(int field, int wireType) {
    putVarint((long) field << 3 | wireType);
  }

  /** Writes seven bits per byte, the lowest first. The top bit says that more bytes follow. */
  private void putVarint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
