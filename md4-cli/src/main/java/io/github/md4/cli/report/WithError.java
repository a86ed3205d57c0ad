// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import java.util.Locale;

/** The text of a number with its standard error. A standard error of NaN is unknown. */
public final class WithError {
  private WithError() {}

  /** Returns a number to so many digits, or {@code unknown} for NaN. */
  public static String number(String format, double value) {
    return Double.isNaN(value) ? "unknown" : String.format(Locale.ROOT, format, value);
  }

  /** Returns {@code 1.2345 +- 0.0123}, or {@code 1.2345 +- unknown}. */
  public static String text(double value, double standardError) {
    return number("%.4f", value) + " +- " + number("%.4f", standardError);
  }

  /** Adds a row that says why an error is unknown and what would make it known, if it is. */
  public static void addReason(Table table, double standardError, String reason) {
    if (Double.isNaN(standardError)) {
      table.row("unknown", "%s", reason);
    }
  }
}
