// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;

/**
 * A schedule beside its alpha and its slope, written out. Under the linear one Euler's step and the
 * analytic one are equal; under the other they differ.
 */
enum SqueezedSchedule {
  LINEAR(new Curve.Linear()) {
    @Override
    double raw(double t) {
      return 1 - t;
    }

    @Override
    double slope(double t) {
      return -SCALE;
    }
  },
  SQUARE(new Curve.Polynomial(2)) {
    @Override
    double raw(double t) {
      return 1 - t * t;
    }

    @Override
    double slope(double t) {
      return -2 * t * SCALE;
    }
  };

  private static final double EPSILON = 0.05;
  private static final double SCALE = 1 - 2 * EPSILON;

  @SuppressWarnings("ImmutableEnumChecker") // curves are immutable
  private final Curve curve;

  SqueezedSchedule(Curve curve) {
    this.curve = curve;
  }

  /** Returns alpha before the squeeze. */
  abstract double raw(double t);

  /** Returns the slope of alpha. */
  abstract double slope(double t);

  MaskingSchedule schedule() {
    return new MaskingSchedule(curve, EPSILON);
  }

  double alpha(double t) {
    return SCALE * raw(t) + EPSILON;
  }

  /** Returns the sum of the rates at t at which a mask becomes a token. */
  double rate(double t) {
    return -slope(t) / (1 - alpha(t));
  }
}
