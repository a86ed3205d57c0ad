// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import io.github.md4.sample.trace.Trace.Cell;

/** What a terminal writes with. */
public sealed interface Ink {

  /**
   * Returns a position's text as the terminal shows it.
   *
   * @param frame the frame that is shown, of {@code frames}
   */
  String paint(String text, Cell cell, int frame, int frames);

  /** No colours. */
  record Plain() implements Ink {
    @Override
    public String paint(String text, Cell cell, int frame, int frames) {
      return text;
    }
  }

  /** The 256 colours of xterm: from bright, just revealed, to the terminal's own. */
  record Colors() implements Ink {
    private static final int[] BY_AGE = {226, 220, 214, 208, 203, 168, 133, 104, 110};

    /** As many of the last frames have a colour of their own, at least one each. */
    private static final int SHARE = 3;

    private static final int MASK = 240;
    private static final String RESET = "\u001b[0m";

    @Override
    public String paint(String text, Cell cell, int frame, int frames) {
      if (cell.isMask()) {
        return color(MASK) + text + RESET;
      }
      int perColor = Math.max(1, frames / (SHARE * BY_AGE.length));
      int age = (frame - cell.since()) / perColor;
      boolean isOld = cell.since() == 0 || age >= BY_AGE.length;
      return isOld ? text : color(BY_AGE[age]) + text + RESET;
    }

    private static String color(int number) {
      return "\u001b[38;5;" + number + "m";
    }
  }
}
