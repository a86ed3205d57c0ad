// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.InvalidDataException;
import io.github.md4.train.internal.hash.Md5;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;

/** The characters of a corpus in UTF-8. Other bytes are an InvalidDataException. */
final class Utf8Reader {
  private static final int BUFFER_BYTES = 1 << 18;

  private final CorpusReader reader;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
  private final CharBuffer chars = CharBuffer.allocate(BUFFER_BYTES); // never more than bytes
  private final MessageDigest digest = Md5.start();
  private final InnerMarks marks = new InnerMarks();
  private long offset; // of the first byte not decoded yet

  Utf8Reader(CorpusReader reader) {
    this.reader = reader;
  }

  /**
   * Returns the next characters, whole code points, valid until the next call; empty at the end.
   */
  CharBuffer read() throws IOException {
    chars.clear();
    boolean isAtEnd = false;
    while (chars.position() == 0 && !isAtEnd) {
      isAtEnd = !readBytes();
      decode(isAtEnd);
    }
    chars.flip();
    marks.add(chars);
    return chars;
  }

  private boolean readBytes() throws IOException {
    int read = reader.read(bytes.array(), bytes.position(), bytes.remaining());
    if (read < 0) {
      return false;
    }
    digest.update(bytes.array(), bytes.position(), read);
    bytes.position(bytes.position() + read);
    return true;
  }

  private void decode(boolean isAtEnd) {
    bytes.flip();
    boolean isError = decoder.decode(bytes, chars, isAtEnd).isError();
    offset += bytes.position();
    if (isError) {
      CorpusReader.Place place = reader.place(offset);
      throw new InvalidDataException(
          place.file(),
          "not UTF-8: byte 0x%02X at offset %d; convert the text, or take bytes as its vocabulary"
              .formatted(bytes.get(), place.offset()));
    }
    bytes.compact();
  }

  /** Returns what was left out of the characters so far, or stayed, in sentences. */
  List<String> notes() {
    return Stream.of(reader.notes(), marks.notes()).flatMap(List::stream).toList();
  }

  /** Returns the MD5 of all bytes. Call it once, after the end. */
  String md5() {
    return Md5.finish(digest);
  }
}
