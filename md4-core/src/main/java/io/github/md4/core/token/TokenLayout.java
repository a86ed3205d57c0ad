// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The layout of a token file: {@code count} ids of one type after a header. */
record TokenLayout(int headerBytes, TokenType type, long count) {
  /** llm.c's header is 256 int32: magic, version, count, zeros. Its version 1 stores uint16. */
  private static final int LLMC_HEADER_BYTES = 1024;

  private static final int LLMC_MAGIC = 20240520;
  private static final int LLMC_VERSION = 1;

  /**
   * Returns the layout of a file that has no JSON: llm.c's if its magic is there, else nanoGPT's.
   */
  static TokenLayout detect(Path file, FileChannel channel) throws IOException {
    ByteBuffer header = header(channel);
    if (isHeader(header)) {
      return ofHeader(file, header);
    }
    if (channel.size() % TokenType.UINT16.bytes() != 0) {
      throw new InvalidDataException(
          file, "an odd number of bytes is no uint16 file, and no JSON beside it says otherwise");
    }
    return new TokenLayout(0, TokenType.UINT16, channel.size() / TokenType.UINT16.bytes());
  }

  /** Returns whether a file begins as llm.c's do. */
  static boolean hasHeader(FileChannel channel) throws IOException {
    return isHeader(header(channel));
  }

  private static ByteBuffer header(FileChannel channel) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(LLMC_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (header.hasRemaining() && channel.read(header, header.position()) >= 0) {}
    return header;
  }

  private static boolean isHeader(ByteBuffer header) {
    return !header.hasRemaining() && header.getInt(0) == LLMC_MAGIC;
  }

  private static TokenLayout ofHeader(Path file, ByteBuffer header) {
    int version = header.getInt(4);
    if (version != LLMC_VERSION) {
      throw new InvalidDataException(
          file, "llm.c token files are read in version %d: %d".formatted(LLMC_VERSION, version));
    }
    return new TokenLayout(LLMC_HEADER_BYTES, TokenType.UINT16, header.getInt(8));
  }

  /** Throws if a file of that many bytes does not hold exactly these ids. */
  void check(Path file, long fileBytes) {
    long expected = headerBytes + count * type.bytes();
    if (count < 0 || count > Long.MAX_VALUE / 8 || fileBytes != expected) {
      throw new InvalidDataException(
          file,
          "%s: %s where %s %,d; copy or prepare it again"
              .formatted(
                  fileBytes < expected ? "truncated" : "too long",
                  Counted.of(fileBytes, "byte"),
                  Counted.of(count, "token needs", "tokens need"),
                  expected));
    }
  }
}
