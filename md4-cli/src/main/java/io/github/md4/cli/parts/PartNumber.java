// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number of a part among all parts.
 *
 * @param index from 1
 */
record PartNumber(int index, int count) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

  PartNumber {
    if (index < 1 || index > count) {
      throw new IllegalArgumentException(
          "a part must be I/N with I from 1 to N: %d/%d".formatted(index, count));
    }
  }

  /** Returns the number written as {@code I/N}. */
  static PartNumber parse(String text) {
    Matcher numbers = FORM.matcher(text);
    if (!numbers.matches()) {
      throw new IllegalArgumentException("a part must be I/N, as 2/8: " + text);
    }
    return new PartNumber(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)));
  }

  @Override
  public String toString() {
    return index + "/" + count;
  }
}
