// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.Objects;
import java.util.function.Function;

/**
 * The probability that a token is still unmasked as a function of time: a curve squeezed from [0,
 * 1] into {@code [epsilon, 1 - epsilon]}, as md4 does, so that weights stay finite (MD4, Section 2;
 * spec, Section 1.2).
 *
 * <pre>{@code
 * alpha(t) = (1 - 2 epsilon) curve.alpha(t) + epsilon
 * }</pre>
 *
 * <p>All methods compute in double and are exact at both ends; {@code 1 - alpha} never cancels (md4
 * subtracts in float32 and is off by 4e-4 of the weight at {@code t = 0}). Times outside [0, 1] are
 * rejected. Immutable, and as safe for many threads as its curve.
 *
 * @param curve the probability of being unmasked before the squeeze, 1 at time 0 and 0 at time 1
 * @param epsilon the squeeze, in [0, 0.5); with 0 the ends have infinite weight and log-SNR
 */
public record MaskingSchedule(Curve curve, double epsilon) implements Schedule {
  /** The value in md4. */
  public static final double DEFAULT_EPSILON = 1e-4;

  private static final int BISECTIONS = 60;

  /**
   * Checks epsilon.
   *
   * @param curve the probability of being unmasked before the squeeze, 1 at time 0 and 0 at time 1
   * @param epsilon the squeeze, in [0, 0.5); with 0 the ends have infinite weight and log-SNR
   * @throws NullPointerException if there is no curve
   * @throws IllegalArgumentException if {@code epsilon} is outside [0, 0.5)
   */
  public MaskingSchedule {
    Objects.requireNonNull(curve, "curve");
    if (!(epsilon >= 0 && epsilon < 0.5)) {
      throw new IllegalArgumentException("epsilon must be in [0, 0.5): " + epsilon);
    }
  }

  /**
   * The curve with the default squeeze.
   *
   * @param curve the curve before the squeeze; not null
   */
  public MaskingSchedule(Curve curve) {
    this(curve, DEFAULT_EPSILON);
  }

  /**
   * {@return the probability that a token is unmasked at the time {@code t}}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double alpha(double t) {
    return squeeze(curve.alpha(checked(t)));
  }

  /**
   * {@return the probability that a token is masked at the time {@code t}, without cancellation}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double oneMinusAlpha(double t) {
    return squeeze(curve.oneMinusAlpha(checked(t)));
  }

  @Override
  public Masking at(double t) {
    double alphaT = alpha(t);
    return (token, u) -> !(u < alphaT);
  }

  @Override
  public <R> R match(Function<MaskingSchedule, R> shared, Function<GenMd4Schedule, R> perToken) {
    return shared.apply(this);
  }

  /** As {@link #oneMinusAlpha(double)}, whatever the token. */
  @Override
  public double oneMinusAlpha(double t, int token) {
    return oneMinusAlpha(t);
  }

  /**
   * {@return the derivative of {@link #alpha}; minus infinity where the curve's is}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double alphaPrime(double t) {
    return scale() * curve.alphaPrime(checked(t));
  }

  /**
   * {@return {@code ln(alpha / (1 - alpha))} at the time {@code t}, the log signal-to-noise ratio}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double logSnr(double t) {
    return Math.log(alpha(t)) - Math.log(oneMinusAlpha(t));
  }

  /**
   * {@return the probability {@code (alpha_s - alpha_t) / (1 - alpha_t)} that a token masked at
   * {@code t} is unmasked at the earlier time {@code s} (MD4, Section 2)}
   *
   * @param s an earlier time, in {@code [0, t]}
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException unless {@code 0 <= s <= t <= 1}
   */
  public double unmaskProbability(double s, double t) {
    if (!(s >= 0 && s <= t && t <= 1)) {
      throw new IllegalArgumentException("0 <= s <= t <= 1 must hold: " + s + ", " + t);
    }
    double revealed = scale() * rawDrop(s, t);
    return revealed == 0 ? 0 : revealed / oneMinusAlpha(t);
  }

  /** As {@link #unmaskProbability(double, double)}, whatever the token. */
  @Override
  public double unmaskProbability(double s, double t, int token) {
    return unmaskProbability(s, t);
  }

  /**
   * {@return {@code alpha'(t) / (1 - alpha(t))}, the weight of the masked log-likelihood in
   * continuous time (MD4, equation 5; the paper's closed forms hold for {@code epsilon = 0} only)}
   *
   * <p>Never positive. Minus infinity where the formula is: at {@code t = 0} of a polynomial with
   * an exponent below 1, and at {@code t = 0} if epsilon is 0.
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double lossWeight(double t) {
    double masked = oneMinusAlpha(t);
    return masked == 0 ? Double.NEGATIVE_INFINITY : alphaPrime(t) / masked;
  }

  /** Returns {@code curve.alpha(s) - curve.alpha(t)} from the pair of values that cancels less. */
  private double rawDrop(double s, double t) {
    double raw = curve.alpha(t);
    return raw < 0.5 ? curve.alpha(s) - raw : curve.oneMinusAlpha(t) - curve.oneMinusAlpha(s);
  }

  /**
   * {@return the time at which a token is masked with probability {@code b}, to the last bits: the
   * inverse of {@link #oneMinusAlpha}} Beyond the ends of the schedule it is 0 or 1.
   *
   * @param b a probability, at least 0
   * @throws IllegalArgumentException if {@code b} is negative or NaN
   */
  public double timeWhenMasked(double b) {
    if (!(b >= 0)) {
      throw new IllegalArgumentException("a probability must be at least 0: " + b);
    }
    double low = 0;
    double high = 1;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (oneMinusAlpha(middle) < b) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return oneMinusAlpha(0) >= b ? 0 : high;
  }

  private double squeeze(double raw) {
    return scale() * raw + epsilon;
  }

  /** {@return {@code 1 - 2 epsilon}, the factor of the raw curve} */
  public double scale() {
    return 1 - 2 * epsilon;
  }

  private static double checked(double t) {
    if (!(t >= 0 && t <= 1)) {
      throw new IllegalArgumentException("time must be in [0, 1]: " + t);
    }
    return t;
  }
}
