// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.report;

import java.util.Locale;

/** Amounts of bytes in words. */
public final class Bytes {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** A larger unit is taken from so many on. */
  private static final long MANY = 10;

  private Bytes() {}

  /** Returns an amount such as {@code 18,873 MiB} or {@code 12.5 GiB}. */
  public static String text(long bytes) {
    if (bytes >= MANY * GIB) {
      return String.format(Locale.ROOT, "%,.1f GiB", (double) bytes / GIB);
    }
    return bytes >= MANY * MIB
        ? String.format(Locale.ROOT, "%,.0f MiB", (double) bytes / MIB)
        : String.format(Locale.ROOT, "%,.0f KiB", (double) bytes / KIB);
  }
}
