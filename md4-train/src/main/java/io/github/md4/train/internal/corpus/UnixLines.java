// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.internal.text.Counted;
import java.io.IOException;
import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The characters of a text with {@code \n} for each line end {@code \r\n}. A carriage return that
 * stands alone stays.
 */
public final class UnixLines {
  private final Utf8Reader reader;
  private CharBuffer chars = CharBuffer.allocate(0);
  private boolean isReturnPending; // the last character of the buffer before was a return
  private long changed;
  private long alone;

  public UnixLines(CorpusReader bytes) {
    this.reader = new Utf8Reader(bytes);
  }

  /** Returns the next characters, valid until the next call; empty at the end. */
  public CharBuffer read() throws IOException {
    CharBuffer next;
    do {
      next = reader.read();
      convert(next);
    } while (next.hasRemaining() && !chars.hasRemaining());
    return chars;
  }

  private void convert(CharBuffer next) {
    if (chars.capacity() <= next.remaining()) {
      chars = CharBuffer.allocate(next.remaining() + 1);
    }
    chars.clear();
    boolean isAtEnd = !next.hasRemaining();
    if (isAtEnd) {
      put('\0', false);
    }
    while (next.hasRemaining()) {
      char c = next.get();
      put(c, true);
    }
    chars.flip();
  }

  /** Appends a character, after the return that was pending if no line feed follows it. */
  private void put(char c, boolean isAny) {
    if (isReturnPending && c == '\n') {
      changed++;
    } else if (isReturnPending) {
      alone++;
      chars.put('\r');
    }
    isReturnPending = isAny && c == '\r';
    if (isAny && c != '\r') {
      chars.put(c);
    }
  }

  /** Returns what was left out or stayed, in sentences. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>(reader.notes());
    if (changed > 0) {
      notes.add(
          Counted.of(
              changed,
              "line end of a carriage return and a line feed is a line feed now",
              "line ends of a carriage return and a line feed are line feeds now"));
    }
    if (alone > 0) {
      notes.add(
          Counted.of(
              alone,
              "carriage return stands alone and stays; if it ends a line, convert the text first",
              "carriage returns stand alone and stay; if they end lines, convert the text first"));
    }
    return notes;
  }

  /** Returns the MD5 of all bytes. Call it once, after the end. */
  public String md5() {
    return reader.md5();
  }
}
