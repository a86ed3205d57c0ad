// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.util.Locale;

/** The text of a number with its standard error. A standard error of NaN is unknown. */
public final class WithError {
  private WithError() {}

  /** Returns {@code 1.2345 +- 0.0123}, or {@code 1.2345 +- unknown}. */
  public static String text(double value, double standardError) {
    String shown = String.format(Locale.ROOT, "%.4f +- ", value);
    return shown
        + (Double.isNaN(standardError)
            ? "unknown"
            : String.format(Locale.ROOT, "%.4f", standardError));
  }
}
