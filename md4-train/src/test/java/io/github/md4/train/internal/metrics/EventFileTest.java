// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the files back with a decoder of its own. */
@Tag("naive")
final class EventFileTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_500L), ZoneOffset.UTC);
  private static final String NAME = "events.out.tfevents.1700000000.box";

  @TempDir private Path folder;

  /** Returns CRC32C bit by bit (RFC 3720, B.4): polynomial 0x1EDC6F41, reflected. */
  private static int crc32c(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82F63B78;
      }
    }
    return ~crc;
  }

  private static int masked(byte[] bytes) {
    int crc = crc32c(bytes);
    return (crc >>> 15 | crc << 17) + 0xa282ead8;
  }

  /** Returns the records of a file, having checked both checksums of each. */
  private static List<byte[]> records(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> records = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(length);
      assertThat(bytes.getInt()).isEqualTo(masked(length));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(data);
      assertThat(bytes.getInt()).isEqualTo(masked(data));
      records.add(data);
    }
    return records;
  }

  /** Returns a message's fields: Long, Double, Float or byte[] by field number. */
  private static Map<Integer, List<Object>> fields(byte[] message) {
    ByteBuffer bytes = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    Map<Integer, List<Object>> fields = new TreeMap<>();
    while (bytes.hasRemaining()) {
      int tag = (int) varint(bytes);
      fields.computeIfAbsent(tag >>> 3, key -> new ArrayList<>()).add(value(tag & 7, bytes));
    }
    return fields;
  }

  private static Object value(int wireType, ByteBuffer bytes) {
    return switch (wireType) {
      case 0 -> varint(bytes);
      case 1 -> bytes.getDouble();
      case 2 -> {
        byte[] data = new byte[(int) varint(bytes)];
        bytes.get(data);
        yield data;
      }
      case 5 -> bytes.getFloat();
      default -> throw new AssertionError("wire type " + wireType);
    };
  }

  private static long varint(ByteBuffer bytes) {
    long value = 0;
    int shift = 0;
    while (true) {
      byte b = bytes.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
      shift += 7;
    }
  }

  /** Returns the only value of a field, a message. */
  private static Map<Integer, List<Object>> message(Map<Integer, List<Object>> fields, int field) {
    assertThat(fields.get(field)).hasSize(1);
    return fields((byte[]) fields.get(field).get(0));
  }

  private static String string(Map<Integer, List<Object>> fields, int field) {
    assertThat(fields.get(field)).hasSize(1);
    return new String((byte[]) fields.get(field).get(0), StandardCharsets.UTF_8);
  }

  @Test
  void crc32c_isThePublishedOne() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(crc32c(digits)).isEqualTo(0xE3069283);
    assertThat(RecordFrame.maskedCrc(digits, digits.length)).isEqualTo(masked(digits));
  }

  @Test
  void create_writesTheFileVersionFirst() throws IOException {
    EventFile.create(folder, "box", CLOCK).close();
    List<byte[]> records = records(folder.resolve(NAME));
    assertThat(records).hasSize(1);
    Map<Integer, List<Object>> event = fields(records.get(0));
    assertThat(event).containsOnlyKeys(1, 3);
    assertThat(event.get(1)).containsExactly(1_700_000_000.5);
    assertThat(string(event, 3)).isEqualTo("brain.Event:2");
  }

  @Test
  void create_keepsAFileOfTheSameSecond() throws IOException {
    EventFile.create(folder.resolve("a/b"), "box", CLOCK).close();
    EventFile.create(folder.resolve("a/b"), "box", CLOCK).close();
    assertThat(records(folder.resolve("a/b").resolve(NAME))).hasSize(1);
    assertThat(records(folder.resolve("a/b").resolve(NAME + ".1"))).hasSize(1);
  }

  @Test
  void scalars_areReadBack() throws IOException {
    Map<String, Number> values = new LinkedHashMap<>();
    values.put("train/loss", 1.1);
    values.put("größe", 7L);
    values.put("nan", Double.NaN);
    try (EventFile events = EventFile.create(folder, "box", CLOCK)) {
      events.scalars(5_000_000_000L, values);
      assertThat(records(folder.resolve(NAME))).as("flushed").hasSize(2);
    }
    Map<Integer, List<Object>> event = fields(records(folder.resolve(NAME)).get(1));
    assertThat(event).containsOnlyKeys(1, 2, 5);
    assertThat(event.get(1)).containsExactly(1_700_000_000.5);
    assertThat(event.get(2)).containsExactly(5_000_000_000L);
    Map<String, Object> read = new LinkedHashMap<>();
    for (Object value : message(event, 5).get(1)) {
      Map<Integer, List<Object>> fields = fields((byte[]) value);
      assertThat(fields).containsOnlyKeys(1, 2);
      read.put(string(fields, 1), fields.get(2).get(0));
    }
    assertThat(read)
        .containsExactly(
            Map.entry("train/loss", 1.1f), Map.entry("größe", 7f), Map.entry("nan", Float.NaN));
  }

  @Test
  void text_isReadBackWithItsPlugin() throws IOException {
    String sample = "a sample\nof two lines, é ".repeat(97);
    try (EventFile events = EventFile.create(folder, "box", CLOCK)) {
      events.text(3, "sample", sample);
    }
    Map<Integer, List<Object>> event = fields(records(folder.resolve(NAME)).get(1));
    assertThat(event.get(2)).containsExactly(3L);
    Map<Integer, List<Object>> value = message(message(event, 5), 1);
    assertThat(string(value, 1)).isEqualTo("sample");
    Map<Integer, List<Object>> tensor = message(value, 8);
    assertThat(tensor.get(1)).as("DT_STRING").containsExactly(7L);
    assertThat(message(tensor, 2)).as("no dimensions").isEmpty();
    assertThat(string(tensor, 8)).isEqualTo(sample);
    Map<Integer, List<Object>> metadata = message(value, 9);
    assertThat(string(message(metadata, 1), 1)).isEqualTo("text");
    assertThat(metadata.get(4)).as("DATA_CLASS_TENSOR").containsExactly(2L);
  }

  @Test
  void picture_isReadBackWithItsSize() throws IOException {
    byte[] png = new byte[40];
    png[19] = 7; // a PNG's header has its width here, and its height behind
    png[23] = 5;
    try (EventFile events = EventFile.create(folder, "box", CLOCK)) {
      events.picture(4, "samples", png);
    }
    Map<Integer, List<Object>> event = fields(records(folder.resolve(NAME)).get(1));
    Map<Integer, List<Object>> value = message(message(event, 5), 1);
    assertThat(string(value, 1)).isEqualTo("samples");
    Map<Integer, List<Object>> image = message(value, 4);
    assertThat(image.get(1)).containsExactly(5L);
    assertThat(image.get(2)).containsExactly(7L);
    assertThat((byte[]) image.get(4).get(0)).isEqualTo(png);
  }

  @Test
  void restart_isASessionStart() throws IOException {
    try (EventFile events = EventFile.create(folder, "box", CLOCK)) {
      events.restart(1234);
    }
    Map<Integer, List<Object>> event = fields(records(folder.resolve(NAME)).get(1));
    assertThat(event.get(2)).containsExactly(1234L);
    assertThat(message(event, 7).get(1)).as("START").containsExactly(1L);
  }
}
