// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import java.io.Closeable;
import java.io.IOException;
import java.nio.CharBuffer;
import java.util.List;
import java.util.Optional;

/** The lines of a text without their ends, {@code \n} or {@code \r\n}. */
public final class Lines implements Closeable {
  private final CorpusReader bytes;
  private final Utf8Reader reader;
  private CharBuffer chars = CharBuffer.allocate(0);
  private long count;

  public Lines(CorpusReader bytes) {
    this.bytes = bytes;
    this.reader = new Utf8Reader(bytes);
  }

  /** Returns the next line; empty after the last. */
  public Optional<String> next() throws IOException {
    StringBuilder line = new StringBuilder();
    boolean isAny = false;
    while (fill()) {
      isAny = true;
      int end = indexOfLineEnd();
      line.append(chars, 0, end);
      boolean isComplete = end < chars.length();
      chars.position(chars.position() + Math.min(end + 1, chars.length()));
      if (isComplete) {
        break;
      }
    }
    count += isAny ? 1 : 0;
    return isAny ? Optional.of(withoutCarriageReturn(line)) : Optional.empty();
  }

  /** Returns the number of lines read. */
  public long count() {
    return count;
  }

  /** Returns what was left out besides the line ends, or stayed, in sentences. */
  public List<String> notes() {
    return reader.notes();
  }

  /** Returns what was left out at the start of files, in sentences. */
  public List<String> startNotes() {
    return bytes.notes();
  }

  private boolean fill() throws IOException {
    if (!chars.hasRemaining()) {
      chars = reader.read();
    }
    return chars.hasRemaining();
  }

  private int indexOfLineEnd() {
    int end = 0;
    while (end < chars.length() && chars.charAt(end) != '\n') {
      end++;
    }
    return end;
  }

  private static String withoutCarriageReturn(StringBuilder line) {
    int last = line.length() - 1;
    boolean hasReturn = last >= 0 && line.charAt(last) == '\r';
    return hasReturn ? line.substring(0, last) : line.toString();
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
