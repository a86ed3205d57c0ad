// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.util.Locale;

/** A number and its standard error, which is NaN where there is a single group to take it from. */
public final class WithError {
  private WithError() {}

  /** Returns {@code 1.2345 +- 0.0123}, or that the error is unknown. */
  public static String text(double value, double standardError) {
    String shown = String.format(Locale.ROOT, "%.4f +- ", value);
    return shown
        + (Double.isNaN(standardError)
            ? "unknown"
            : String.format(Locale.ROOT, "%.4f", standardError));
  }
}
