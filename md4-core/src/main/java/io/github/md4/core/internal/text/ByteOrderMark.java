// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.text;

/** The mark by which some programs begin a text; no character of the text. */
public final class ByteOrderMark {
  /** The mark as it is decoded. */
  public static final char CHARACTER = '\uFEFF';

  private ByteOrderMark() {}

  /** Returns a text without the mark that it may begin with. */
  public static String without(String text) {
    return !text.isEmpty() && text.charAt(0) == CHARACTER ? text.substring(1) : text;
  }
}
