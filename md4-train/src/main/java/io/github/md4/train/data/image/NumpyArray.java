// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.internal.corpus.Compression;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An array of integers in NumPy's format, in C order.
 *
 * @param type the byte order, kind and size of an element, such as {@code |u1} or {@code <i8}
 * @param data the stored elements
 */
record NumpyArray(String type, int[] shape, byte[] data) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{\\s*'descr':\\s*'([^']+)',\\s*'fortran_order':\\s*(True|False),"
              + "\\s*'shape':\\s*\\(([^)]*)\\),?\\s*\\}\\s*");
  private static final Pattern INTEGERS = Pattern.compile("[|<>=]?[ui][1248]");

  /** Returns whether a file is in that format. */
  static boolean isIn(Path file) throws IOException {
    try (InputStream in = Compression.open(file)) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    }
  }

  /** Reads the array of a file, compressed or not. */
  static NumpyArray read(Path file) throws IOException {
    try (InputStream in = Compression.open(file)) {
      return read(file, in.readAllBytes());
    } catch (IOException e) {
      throw Compression.blame(file, e);
    }
  }

  /** Reads the array in the bytes of a file. */
  static NumpyArray read(Path file, byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC) || in.available() < 6) {
      throw new InvalidDataException(file, "is not a NumPy array");
    }
    int major = in.readUnsignedByte();
    int unused = in.readUnsignedByte();
    byte[] size = in.readNBytes(major == 1 ? 2 : 4); // six bytes are there
    int headerBytes =
        major == 1
            ? ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).getShort() & 0xFFFF
            : ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (headerBytes < 0 || headerBytes > in.available()) {
      throw new InvalidDataException(file, "is cut short in its header; copy it again");
    }
    String header = new String(in.readNBytes(headerBytes), StandardCharsets.UTF_8);
    return of(file, header, in.readAllBytes());
  }

  private static NumpyArray of(Path file, String header, byte[] data) {
    Matcher parts = HEADER.matcher(header);
    if (!parts.matches()) {
      throw new InvalidDataException(file, "is an array with an unknown header");
    }
    if (!INTEGERS.matcher(parts.group(1)).matches() || parts.group(2).equals("True")) {
      throw new InvalidDataException(
          file,
          "must be integers in C order: %s, fortran_order %s"
              .formatted(parts.group(1), parts.group(2)));
    }
    NumpyArray array = new NumpyArray(parts.group(1), shape(file, parts.group(3)), data);
    BigInteger needed = array.length();
    if (!needed.equals(BigInteger.valueOf(data.length))) {
      throw new InvalidDataException(
          file,
          "is cut short or too long: %s where %s needs %,d; copy it again"
              .formatted(Counted.of(data.length, "byte"), Arrays.toString(array.shape), needed));
    }
    return array;
  }

  private static int[] shape(Path file, String text) {
    try {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(size -> !size.isEmpty())
          .mapToInt(Integer::parseUnsignedInt)
          .toArray();
    } catch (NumberFormatException e) {
      throw new InvalidDataException(file, "has no shape of whole numbers: (" + text + ")", e);
    }
  }

  private BigInteger length() {
    return Arrays.stream(shape)
        .mapToObj(BigInteger::valueOf)
        .reduce(BigInteger.valueOf(bytes()), BigInteger::multiply);
  }

  boolean isBytes() {
    return type.endsWith("u1");
  }

  int count() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  private int bytes() {
    return type.charAt(type.length() - 1) - '0';
  }

  /** Returns the elements, row by row. */
  long[] integers() {
    boolean isBig = type.startsWith(">");
    boolean isSigned = type.contains("i");
    long[] values = new long[count()];
    for (int i = 0; i < values.length; i++) {
      long value = 0;
      for (int b = 0; b < bytes(); b++) {
        int at = i * bytes() + (isBig ? b : bytes() - 1 - b);
        value = value << 8 | (data[at] & 0xFF);
      }
      int shift = Long.SIZE - 8 * bytes();
      values[i] = isSigned ? value << shift >> shift : value;
    }
    return values;
  }
}
