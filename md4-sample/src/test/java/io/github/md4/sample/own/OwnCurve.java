// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.own;

import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.CurveKind;

/** A curve of a user's own: {@code (1 - t)^k}. */
public record OwnCurve(double exponent) implements Curve {
  @Override
  public double alpha(double t) {
    return Math.pow(1 - t, exponent);
  }

  @Override
  public double oneMinusAlpha(double t) {
    return -Math.expm1(exponent * Math.log1p(-t));
  }

  @Override
  public double alphaPrime(double t) {
    return -exponent * Math.pow(1 - t, exponent - 1);
  }

  @Override
  public String toString() {
    return "steep(" + exponent + ")";
  }

  /** Its name. */
  public static final class Kind implements CurveKind {
    @Override
    public String name() {
      return "steep";
    }

    @Override
    public Curve of(double... numbers) {
      if (numbers.length != 1) {
        throw new IllegalArgumentException("steep takes one number: " + numbers.length);
      }
      return new OwnCurve(numbers[0]);
    }
  }
}
