// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.bench;

import java.util.function.LongSupplier;

/** The clock of a trial of some seconds, which makes its steps in windows. */
final class PaceClock {
  private static final int WINDOWS = 20;

  private final double allotted;
  private final int most;
  private final LongSupplier nanos;
  private final long start;
  private int steps;
  private double seconds;
  private int earlySteps;
  private double earlySeconds;

  /**
   * @param allotted the seconds after which no window begins, at least 0
   * @param most the number of steps, at least 1
   */
  PaceClock(double allotted, int most) {
    this(allotted, most, System::nanoTime);
  }

  /** As the other, by another clock. */
  PaceClock(double allotted, int most, LongSupplier nanos) {
    this.allotted = allotted;
    this.most = most;
    this.nanos = nanos;
    this.start = nanos.getAsLong();
  }

  /** Returns the number of steps of the next window: at first one, at the end 0. */
  int next() {
    if (steps == 0) {
      return 1;
    }
    if (seconds >= allotted) {
      return 0;
    }
    double left = Math.min(allotted / WINDOWS, allotted - seconds);
    return Math.min(most - steps, Math.max(1, (int) (left / (seconds / steps))));
  }

  /** A window of so many steps was made. */
  void made(int some) {
    steps += some;
    seconds = (nanos.getAsLong() - start) * 1e-9;
    if (isEarly()) {
      earlySteps = steps;
      earlySeconds = seconds;
    }
  }

  /** Returns whether no more than half of the time has passed. */
  boolean isEarly() {
    return seconds <= allotted / 2;
  }

  /**
   * Returns the pace of all steps that were made.
   *
   * @param first the seconds of the step before them
   */
  StepBench.Pace pace(double first) {
    double mean = seconds / steps;
    double later = steps == earlySteps ? mean : (seconds - earlySeconds) / (steps - earlySteps);
    return new StepBench.Pace(steps, mean, later, first);
  }
}
