// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import io.github.md4.core.Decimals;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text form of a schedule that is learned.
 *
 * @param form its groups are the numbers
 * @param usage says how it is written, for the message about another text
 */
record ScheduleForm(Pattern form, String usage) {

  /**
   * Returns the match of a text.
   *
   * @throws IllegalArgumentException if it has another form
   */
  Matcher match(String text) {
    Matcher match = form.matcher(text.strip());
    if (!match.matches()) {
      throw unknown(text);
    }
    return match;
  }

  /**
   * Returns the number of a group.
   *
   * @throws IllegalArgumentException if the group is no number
   */
  double number(Matcher match, int group, String text) {
    try {
      return Decimals.parse(match.group(group));
    } catch (NumberFormatException e) {
      throw unknown(text);
    }
  }

  private IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(usage + ": " + text);
  }
}
