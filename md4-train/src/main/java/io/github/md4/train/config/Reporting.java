// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.ConfigGroup;
import java.util.Objects;

/**
 * The metrics of a training.
 *
 * @param logEvery the number of steps between lines of metrics, at least 1
 * @param peakFlops the peak of which the metrics state a share
 */
public record Reporting(int logEvery, PeakFlops peakFlops) implements ConfigGroup {
  /**
   * Checks the distance between lines.
   *
   * @param logEvery the number of steps between lines of metrics, at least 1
   * @param peakFlops the peak of which the metrics state a share
   * @throws IllegalArgumentException if {@code logEvery} is below 1
   * @throws NullPointerException if {@code peakFlops} is null
   */
  public Reporting {
    require(logEvery >= 1, "logEvery must be at least 1", logEvery);
    Objects.requireNonNull(peakFlops, "peakFlops");
  }

  /** {@return a line every 500 steps, against a measured peak} */
  public static Reporting defaults() {
    return every(500);
  }

  /**
   * {@return a line every so many steps, against a measured peak}
   *
   * @param steps the number of steps between two lines, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static Reporting every(int steps) {
    return new Reporting(steps, new PeakFlops.Measured());
  }
}
