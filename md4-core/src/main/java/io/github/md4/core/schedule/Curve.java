// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.function.Function;

/**
 * A decreasing function of time, the raw masking schedule before {@link MaskingSchedule} squeezes
 * it away from 0 and 1 (MD4, Table 4).
 *
 * <p>All but {@link Geometric} and {@link LogLinear} run from exactly 1 at {@code t = 0} to exactly
 * 0 at {@code t = 1}. Times are in [0, 1]; they are checked by {@link MaskingSchedule}, not here.
 * {@code toString} is the form that {@link #parse} reads, and that configs and model folders have.
 *
 * <p>A curve of a user's own is immutable, safe for many threads, and equal to its like: a record.
 * So that a model's folder can be loaded again, it needs a {@link CurveKind}.
 */
public non-sealed interface Curve extends ScheduleConfig {

  /**
   * {@return the raw probability that a token is still unmasked at the time {@code t}, in [0, 1]}
   *
   * @param t a time, in [0, 1]
   */
  double alpha(double t);

  /**
   * {@return {@code 1 - alpha(t)} to full relative precision, also where it is tiny}
   *
   * @param t a time, in [0, 1]
   */
  double oneMinusAlpha(double t);

  /**
   * {@return the derivative of {@link #alpha} at the time {@code t}; at most zero, and minus
   * infinity where the curve is that steep}
   *
   * @param t a time, in [0, 1]
   */
  double alphaPrime(double t);

  @Override
  default <R> R match(
      Function<Curve, R> curve,
      Function<LearnedPowers, R> powers,
      Function<LearnedNoise, R> noise) {
    return curve.apply(this);
  }

  @Override
  default MaskingSchedule starting(int vocabularySize, double epsilon) {
    return new MaskingSchedule(this, epsilon);
  }

  @Override
  default int parameterCount(int vocabularySize) {
    return 0;
  }

  /**
   * {@return the curve that a text names: {@code linear}, {@code cosine}, {@code polynomial(3)},
   * {@code geometric} or {@code geometric(1e-5, 20)}, {@code loglinear} or {@code loglinear(1e-3)},
   * or in the same form the name of a {@link CurveKind} on the class path}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException if the text is none of these
   */
  static Curve parse(String text) {
    return CurveText.parse(text);
  }

  /** {@code alpha(t) = 1 - t} (MD4, Table 4). */
  record Linear() implements Curve {
    @Override
    public double alpha(double t) {
      return 1 - t;
    }

    @Override
    public double oneMinusAlpha(double t) {
      return t;
    }

    @Override
    public double alphaPrime(double t) {
      return -1;
    }

    @Override
    public String toString() {
      return CurveText.LINEAR;
    }
  }

  /** {@code alpha(t) = 1 - cos(pi/2 (1 - t)) = 1 - sin(pi/2 t)} (MD4, Table 4). */
  record Cosine() implements Curve {
    private static final double HALF_PI = Math.PI / 2;

    /** Uses {@code 1 - sin(2x) = 2 sin^2(pi/4 - x)} where the difference would cancel. */
    @Override
    public double alpha(double t) {
      if (t < 0.5) {
        return 1 - oneMinusAlpha(t);
      }
      double sine = Math.sin(HALF_PI / 2 * (1 - t));
      return 2 * sine * sine;
    }

    @Override
    public double oneMinusAlpha(double t) {
      return Math.sin(HALF_PI * t);
    }

    @Override
    public double alphaPrime(double t) {
      return -HALF_PI * Math.sin(HALF_PI * (1 - t));
    }

    @Override
    public String toString() {
      return CurveText.COSINE;
    }
  }

  /**
   * {@code alpha(t) = 1 - t^k} (MD4, Table 4). For {@code k < 1} the slope at {@code t = 0} is
   * minus infinity, and so is the loss weight there.
   *
   * @param exponent the exponent {@code k} of the polynomial, above 0 and finite
   */
  record Polynomial(double exponent) implements Curve {
    /**
     * Checks the exponent.
     *
     * @param exponent the exponent {@code k} of the polynomial, above 0 and finite
     * @throws IllegalArgumentException if {@code exponent} is not above 0 and finite
     */
    public Polynomial {
      if (!(exponent > 0 && exponent < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("exponent must be above 0 and finite: " + exponent);
      }
    }

    @Override
    public double alpha(double t) {
      return t < 0.5 ? 1 - oneMinusAlpha(t) : -Math.expm1(exponent * Math.log(t));
    }

    @Override
    public double oneMinusAlpha(double t) {
      return Math.pow(t, exponent);
    }

    @Override
    public double alphaPrime(double t) {
      return -exponent * Math.pow(t, exponent - 1);
    }

    @Override
    public String toString() {
      return CurveText.call(CurveText.POLYNOMIAL, exponent);
    }
  }

  /**
   * {@code alpha(t) = 1 - (1 - epsilon) t}, the log-linear noise of SEDD, MDLM and RADD (Lou et
   * al., 2024, Section 5): from exactly 1 to {@code epsilon}. Their total noise is {@code sigma =
   * -ln alpha}.
   *
   * @param epsilon the share that is never masked, in [0, 1)
   */
  record LogLinear(double epsilon) implements Curve {
    /** The value of all published models. */
    public static final double DEFAULT_EPSILON = 1e-3;

    /**
     * Checks epsilon.
     *
     * @param epsilon the share that is never masked, in [0, 1)
     * @throws IllegalArgumentException if {@code epsilon} is outside [0, 1)
     */
    public LogLinear {
      if (!(epsilon >= 0 && epsilon < 1)) {
        throw new IllegalArgumentException("epsilon must be in [0, 1): " + epsilon);
      }
    }

    @Override
    public double alpha(double t) {
      return 1 - t + epsilon * t;
    }

    @Override
    public double oneMinusAlpha(double t) {
      return (1 - epsilon) * t;
    }

    @Override
    public double alphaPrime(double t) {
      return epsilon - 1;
    }

    @Override
    public String toString() {
      return CurveText.call(CurveText.LOG_LINEAR, epsilon);
    }
  }

  /**
   * {@code alpha(t) = exp(-beta(t))} with {@code beta(t) = betaMin^(1 - t) betaMax^t}; in the paper
   * only, not in md4. Table 4 prints its weight with {@code ln(betaMin / betaMax)}, which has the
   * wrong sign: {@code alpha} decreases, so {@link #alphaPrime} is negative.
   *
   * @param betaMin {@code -ln alpha(0)}, above zero
   * @param betaMax {@code -ln alpha(1)}, above {@code betaMin}
   */
  record Geometric(double betaMin, double betaMax) implements Curve {
    /** The value in Figure 1 of the paper. */
    public static final double DEFAULT_BETA_MIN = 1e-5;

    /** The value in Figure 1 of the paper. */
    public static final double DEFAULT_BETA_MAX = 20;

    /**
     * Checks {@code 0 < betaMin < betaMax}.
     *
     * @param betaMin {@code -ln alpha(0)}, above zero
     * @param betaMax {@code -ln alpha(1)}, above {@code betaMin}
     * @throws IllegalArgumentException unless {@code 0 < betaMin < betaMax} and both are finite
     */
    public Geometric {
      if (!(betaMin > 0 && betaMin < betaMax && betaMax < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "0 < betaMin < betaMax must hold: " + betaMin + ", " + betaMax);
      }
    }

    /** The curve of Figure 1 of the paper. */
    public Geometric() {
      this(DEFAULT_BETA_MIN, DEFAULT_BETA_MAX);
    }

    private double beta(double t) {
      return Math.pow(betaMin, 1 - t) * Math.pow(betaMax, t);
    }

    @Override
    public double alpha(double t) {
      return Math.exp(-beta(t));
    }

    @Override
    public double oneMinusAlpha(double t) {
      return -Math.expm1(-beta(t));
    }

    @Override
    public double alphaPrime(double t) {
      return -alpha(t) * beta(t) * Math.log(betaMax / betaMin);
    }

    @Override
    public String toString() {
      return CurveText.call(CurveText.GEOMETRIC, betaMin, betaMax);
    }
  }
}
