// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.internal.text.Counted;
import java.util.List;

/** A count of the line ends of bytes that may be a text. */
public final class ByteLineEnds {
  private long feeds;
  private long afterReturns;
  private byte last;

  /** Counts the first {@code count} bytes of a buffer, which follow those before. */
  public void add(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] == '\n') {
        feeds++;
        afterReturns += last == '\r' ? 1 : 0;
      }
      last = bytes[i];
    }
  }

  /** Returns a sentence if most lines end in a carriage return. */
  public List<String> notes() {
    return 2 * afterReturns > feeds
        ? List.of(
            Counted.of(
                afterReturns,
                "line ends in a carriage return, which stays a byte of its own; chars leaves it out",
                "lines end in a carriage return, which stays a byte of its own; chars leaves them out"))
        : List.of();
  }
}
