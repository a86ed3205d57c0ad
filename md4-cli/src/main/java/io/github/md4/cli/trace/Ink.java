// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import io.github.md4.sample.trace.Trace.Cell;

/** The style of text in a terminal. */
public sealed interface Ink {

  /**
   * Returns a position's text as the terminal shows it.
   *
   * @param frame the index of the frame that is shown
   * @param frames the number of frames
   */
  String paint(String text, Cell cell, int frame, int frames);

  /** Text without colours. */
  record Plain() implements Ink {
    @Override
    public String paint(String text, Cell cell, int frame, int frames) {
      return text;
    }
  }

  /**
   * Text in the 256 colours of xterm: bright when just revealed, then fading to the terminal's own.
   */
  record Colors() implements Ink {
    private static final int[] BY_AGE = {226, 220, 214, 208, 203, 168, 133, 104, 110};

    /** The frames since a change divided by this are those with a colour of their own. */
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
