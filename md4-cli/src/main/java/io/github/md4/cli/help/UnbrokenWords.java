// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.help;

import java.util.stream.Stream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A renderer of options whose descriptions are broken at blanks only. Java also breaks lines within
 * words, as after the full stop of {@code .gz}; so letters of Unicode's private use stand for the
 * characters until the lines are broken.
 *
 * @param renderer the renderer of the options as they are
 */
record UnbrokenWords(Help.IOptionRenderer renderer) implements Help.IOptionRenderer {
  private static final char FIRST = '!';
  private static final char LAST = '~';
  private static final char SHIFT = '\uE000';

  @Override
  public Text[][] render(OptionSpec option, Help.IParamLabelRenderer labels, ColorScheme colours) {
    return Stream.of(renderer.render(option, labels, colours))
        .map(row -> glued(row, colours))
        .toArray(Text[][]::new);
  }

  private static Text[] glued(Text[] row, ColorScheme colours) {
    Text[] glued = row.clone();
    int description = row.length - 1;
    glued[description] = colours.text(shifted(row[description].plainString(), FIRST, SHIFT));
    return glued;
  }

  /** Returns the text of a layout of such options as it is to be read. */
  static String unglued(String text) {
    return shifted(text, (char) (FIRST + SHIFT), -SHIFT);
  }

  private static String shifted(String text, char first, int by) {
    StringBuilder shifted = new StringBuilder(text);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= first && c <= first + LAST - FIRST) {
        shifted.setCharAt(i, (char) (c + by));
      }
    }
    return shifted.toString();
  }
}
