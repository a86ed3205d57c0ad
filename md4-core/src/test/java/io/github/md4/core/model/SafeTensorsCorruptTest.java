// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files; headers are written with ' for ". */
@Tag("exact")
final class SafeTensorsCorruptTest {
  private static final String GOOD =
      "{'__metadata__':{'k':'v'},"
          + "'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
          + "'b':{'dtype':'I64','shape':[],'data_offsets':[4,12]}}";

  @TempDir private Path folder;

  @Test
  void open_takesTheUndamagedFile() throws IOException {
    try (SafeTensors tensors = SafeTensors.open(write(file(GOOD, new byte[12])))) {
      assertThat(tensors.names()).containsExactly("a", "b");
    }
  }

  @Test
  void open_rejectsEveryTruncation() throws IOException {
    byte[] whole = file(GOOD, new byte[12]);
    for (int length = 0; length < whole.length; length++) {
      Path file = write(Arrays.copyOf(whole, length));
      assertThatExceptionOfType(InvalidDataException.class)
          .as("%d bytes", length)
          .isThrownBy(() -> opened(file))
          .withMessageStartingWith(file.toString())
          .withMessageContaining("cut short");
    }
  }

  @Test
  void open_ofAnyDamagedByteIsFineOrInvalidData() throws IOException {
    byte[] whole = file(GOOD, new byte[12]);
    int rejected = 0;
    for (int at = 0; at < whole.length - 12; at++) {
      for (int flip = 1; flip < 256; flip <<= 1) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) flip;
        rejected += isRejected(write(damaged)) ? 1 : 0;
      }
    }
    // Flips inside a name or a text go unnoticed; most others cannot.
    assertThat(rejected).isGreaterThan((whole.length - 12) * 8 * 3 / 4);
  }

  private static boolean isRejected(Path file) throws IOException {
    try {
      return opened(file).isEmpty();
    } catch (InvalidDataException e) {
      return true;
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "[]|not valid JSON",
        "x|not valid JSON",
        "{'a'|not valid JSON",
        "{} {}|not valid JSON",
        "{}}|not valid JSON",
        "{'a':7}|not valid JSON",
        "{'a':null}|not valid JSON",
        "{'a':{}}|tensor a lacks",
        "{'a':{'dtype':'F32','shape':[3]}}|tensor a lacks",
        "{'a':{'dtype':3,'shape':[3],'data_offsets':[0,12]}}|tensor a has a dtype that is not a text",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12],'x':1}}|tensor a has the unknown key x",
        "{'a':{'dtype':'F32','dtype':'F32','shape':[3]}}|tensor a has two of dtype",
        "{'a':{'dtype':'F32','shape':[-3],'data_offsets':[0,12]}}|tensor a has a negative number: -3",
        "{'a':{'dtype':'F32','shape':['3'],'data_offsets':[0,12]}}|tensor a has a shape or",
        "{'a':{'dtype':'F32','shape':[3.5],'data_offsets':[0,12]}}|not valid JSON",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[12]}}|tensor a has data_offsets that",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[12,0]}}|tensor a is at bytes 12 to 0",
        "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}|tensor a is at bytes 0 to 16 of 12",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,12]}}|tensor a has 12 bytes where its shape needs 8",
        "{'a':{'dtype':'I64','shape':[3],'data_offsets':[0,12]}}|tensor a has 12 bytes where its shape needs 24",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}|tensor a has a shape too large",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}|tensor a follows a gap at byte 4",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}|12 bytes of data where the header tells of 8",
        "{}|12 bytes of data where the header tells of 0",
        "{'__metadata__':{'k':1}}|metadata k is not a text",
        "{'__metadata__':{'k':'1','k':'2'}}|metadata k is there twice",
        "{'__metadata__':{},'__metadata__':{}}|__metadata__ is there twice",
      })
  void open_rejectsHeader(String header, String reason) throws IOException {
    assertRejected(header, reason);
  }

  @Test
  void open_rejectsTensorsThatOverlapOrShareAName() throws IOException {
    String a = "'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";
    assertRejected("{" + a + "," + a + "}", "tensor a is there twice");
    assertRejected(
        "{" + a + ",'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}",
        "tensor b overlaps another at byte 4");
  }

  private void assertRejected(String header, String reason) throws IOException {
    Path file = write(file(header, new byte[12]));
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> opened(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining(reason);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 65})
  void open_rejectsHeaderLength(long length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(72).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    Path file = write(bytes.array());
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> opened(file))
        .withMessageContaining("header of %,d bytes".formatted(length));
  }

  @Test
  void open_tellsBothSizesOfAFileThatIsCutShort() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN).putLong(1832);
    Path file = write(bytes.array());
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> opened(file))
        .withMessageContaining("cut short: header of 1,832 bytes in a file of 1,000");
  }

  @Test
  void open_rejectsBigEndianLength() throws IOException {
    byte[] json = "{}      ".getBytes(StandardCharsets.UTF_8);
    Path file = write(ByteBuffer.allocate(16).putLong(8).put(json).array());
    assertThatExceptionOfType(InvalidDataException.class).isThrownBy(() -> opened(file));
  }

  @Test
  void open_rejectsHeaderThatIsNotUtf8() throws IOException {
    byte[] bytes = file("{'a':{}}", new byte[0]);
    bytes[10] = (byte) 0xff;
    Path file = write(bytes);
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> opened(file))
        .withMessageEndingWith("not UTF-8");
  }

  @Test
  void open_rejectsDeepNesting() throws IOException {
    Path file = write(file("{'a':{'shape':" + "[".repeat(100_000), new byte[0]));
    assertThatExceptionOfType(InvalidDataException.class).isThrownBy(() -> opened(file));
  }

  @Test
  void open_rejectsMissingFileAndFolder() {
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> opened(folder.resolve("none")))
        .withMessageEndingWith("none: no such file");
    assertThatExceptionOfType(InvalidDataException.class).isThrownBy(() -> opened(folder));
  }

  private static String opened(Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      return tensors.names().toString();
    }
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.safetensors"), bytes);
  }

  /** A file of that header, whatever it says, and that data. */
  static byte[] file(String header, byte[] data) {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length);
    return bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).put(data).array();
  }
}
