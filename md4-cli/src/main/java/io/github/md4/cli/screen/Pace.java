// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.util.Locale;
import java.util.function.LongSupplier;

/** The pace of equal steps, and the time that is left at this pace. */
public final class Pace {
  private static final double MINUTE = 60;
  private static final double HOUR = 60 * MINUTE;
  private static final double DAY = 24 * HOUR;

  /** A unit is left when so many of it are reached. */
  private static final int MOST = 100;

  private final long first;
  private final long last;
  private final LongSupplier nanoTime;
  private final long start;

  /**
   * Begins now.
   *
   * @param first the number of steps that were made before
   * @param last the number of all steps
   */
  public Pace(long first, long last) {
    this(first, last, System::nanoTime);
  }

  Pace(long first, long last, LongSupplier nanoTime) {
    this.first = first;
    this.last = last;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
  }

  /** Returns the seconds since the start. */
  public double seconds() {
    return (nanoTime.getAsLong() - start) * 1e-9;
  }

  /** Returns the steps of a second; NaN before any. */
  public double perSecond(long step) {
    return step > first ? (step - first) / seconds() : Double.NaN;
  }

  /** Returns the time that is left, such as {@code 12 min left}; empty where it is not known. */
  public String left(long step) {
    double seconds = (last - step) / perSecond(step);
    return last < 0 || !Double.isFinite(seconds) ? "" : duration(seconds) + " left";
  }

  /** Returns a duration in words, to two digits or so. */
  public static String duration(double seconds) {
    if (seconds < MOST) {
      return String.format(Locale.ROOT, "%.0f s", seconds);
    }
    if (seconds < MOST * MINUTE) {
      return String.format(Locale.ROOT, "%.0f min", seconds / MINUTE);
    }
    return seconds < MOST * HOUR
        ? String.format(Locale.ROOT, "%.1f h", seconds / HOUR)
        : String.format(Locale.ROOT, "%.1f days", seconds / DAY);
  }
}
