// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

/** Text of which every character can be seen, and none moves the cursor. */
public final class Visible {
  private static final int CONTROL_PICTURES = 0x2400;
  private static final int FIRST_VISIBLE = 0x20;

  private Visible() {}

  /** Returns the text with a picture for each control character, as U+240A for a line feed. */
  public static String of(String text) {
    StringBuilder visible = new StringBuilder(text.length());
    text.codePoints()
        .map(
            c ->
                c < FIRST_VISIBLE ? CONTROL_PICTURES + c : Character.isISOControl(c) ? '\uFFFD' : c)
        .forEach(visible::appendCodePoint);
    return visible.toString();
  }
}
