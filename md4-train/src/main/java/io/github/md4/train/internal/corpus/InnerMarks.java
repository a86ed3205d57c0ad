// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.internal.text.ByteOrderMark;
import io.github.md4.core.internal.text.Counted;
import java.nio.CharBuffer;
import java.util.List;

/** A count of the byte order marks inside texts, as files have them that others were joined to. */
public final class InnerMarks {
  private long count;

  /** Counts the marks of a text. */
  public void add(String text) {
    int at = text.indexOf(ByteOrderMark.CHARACTER);
    while (at >= 0) {
      count++;
      at = text.indexOf(ByteOrderMark.CHARACTER, at + 1);
    }
  }

  /** Counts the marks of a buffer that has an array. */
  void add(CharBuffer chars) {
    char[] array = chars.array();
    int end = chars.arrayOffset() + chars.limit();
    for (int i = chars.arrayOffset() + chars.position(); i < end; i++) {
      count += array[i] == ByteOrderMark.CHARACTER ? 1 : 0;
    }
  }

  /** Returns a sentence if there are marks. */
  public List<String> notes() {
    return count == 0
        ? List.of()
        : List.of(
            Counted.of(
                count,
                "byte order mark inside the text stays as a character; if files were joined, remove it",
                "byte order marks inside the text stay as characters; if files were joined, remove them"));
  }
}
