// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;

/**
 * The probability that a token is still unmasked as a function of time and of the token: a power of
 * time each (GenMD4: MD4, Section 6; spec, Section 3.1).
 *
 * <pre>{@code
 * alpha(t, v) = 1 - (1 - epsilon) t^power(v)
 * }</pre>
 *
 * <p>The squeeze is another than {@link MaskingSchedule}'s: alpha is exactly 1 at {@code t = 0} and
 * epsilon at {@code t = 1}. What keeps the weight finite is that training and likelihoods stop at
 * {@link #TIME_FLOOR}. The lower a token's power, the sooner it is masked as time runs from 0, and
 * the later it is revealed on the way back. All methods compute in double. Times outside [0, 1] are
 * rejected. Immutable, and safe for many threads.
 */
public final class GenMd4Schedule implements Schedule {
  /** The least time that training and likelihoods use, md4's {@code t1}. */
  public static final double TIME_FLOOR = 1e-3;

  /** A power beyond this has left all bounds: its token would be masked in an instant. */
  public static final double LARGEST_POWER = 1000;

  private static final double LOG_FLOOR = Math.log(TIME_FLOOR);

  private final double[] powers;
  private final double largestPower;
  private final double epsilon;
  private final double logMasked;
  private final double logMaskedAtFloor;
  private volatile PowerOrder order; // null until it is asked for

  /**
   * Makes the schedule.
   *
   * @param powers one for each token, [V], in (0, {@link #LARGEST_POWER}]; copied
   * @param epsilon the squeeze, {@code alpha(1, v)}, in [0, 0.5)
   * @throws IllegalArgumentException if there is no power, one is out of its range, or {@code
   *     epsilon} is
   */
  public GenMd4Schedule(double[] powers, double epsilon) {
    require(powers.length > 0, "there must be at least one power", powers.length);
    for (int v = 0; v < powers.length; v++) {
      if (!(powers[v] > 0 && powers[v] <= LARGEST_POWER)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the power of token %d must be above 0 and at most %.0f: %s",
                v,
                LARGEST_POWER,
                powers[v]));
      }
    }
    if (!(epsilon >= 0 && epsilon < 0.5)) {
      throw new IllegalArgumentException("epsilon must be in [0, 0.5): " + epsilon);
    }
    this.powers = powers.clone();
    this.largestPower = Arrays.stream(powers).max().orElseThrow();
    this.epsilon = epsilon;
    this.logMasked = Math.log1p(-epsilon);
    this.logMaskedAtFloor = logSumOfFloorPowers(powers);
  }

  /**
   * {@return the schedule whose powers are {@code softplus(raw) = ln(1 + exp(raw))}, of V tokens}
   *
   * @param raw [V], or one number that is all tokens' own
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param epsilon the squeeze, {@code alpha(1, v)}, in [0, 0.5)
   * @throws IllegalArgumentException if there are neither V numbers nor one, or a power or {@code
   *     epsilon} is out of its range
   */
  public static GenMd4Schedule ofRaw(float[] raw, int vocabularySize, double epsilon) {
    require(
        raw.length == 1 || raw.length == vocabularySize,
        "there must be 1 number or " + vocabularySize,
        raw.length);
    double[] powers = new double[vocabularySize];
    for (int v = 0; v < vocabularySize; v++) {
      powers[v] = softplus(raw[raw.length == 1 ? 0 : v]);
    }
    return new GenMd4Schedule(powers, epsilon);
  }

  /**
   * {@return the schedule in which every token has the power 1}
   *
   * @param vocabularySize V, the number of tokens without the mask, at least 1
   * @param epsilon the squeeze, {@code alpha(1, v)}, in [0, 0.5)
   * @throws IllegalArgumentException if {@code vocabularySize} is below 1, or {@code epsilon} out
   *     of its range
   */
  public static GenMd4Schedule unit(int vocabularySize, double epsilon) {
    double[] powers = new double[vocabularySize];
    Arrays.fill(powers, 1);
    return new GenMd4Schedule(powers, epsilon);
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** Returns {@code ln sum_v TIME_FLOOR^power(v)}. */
  private static double logSumOfFloorPowers(double[] powers) {
    double least = Double.POSITIVE_INFINITY;
    for (double power : powers) {
      least = Math.min(least, power);
    }
    double sum = 0;
    for (double power : powers) {
      sum += Math.exp((power - least) * LOG_FLOOR);
    }
    return least * LOG_FLOOR + Math.log(sum);
  }

  @Override
  public Masking at(double t) {
    checkTime(t);
    return (token, u) -> powers[token] <= criticalPower(t, u, epsilon);
  }

  @Override
  public <R> R match(Function<MaskingSchedule, R> shared, Function<GenMd4Schedule, R> perToken) {
    return perToken.apply(this);
  }

  /** {@return V, the number of tokens without the mask} */
  public int vocabularySize() {
    return powers.length;
  }

  /** {@return the squeeze, {@code alpha(1, v)}, in [0, 0.5)} */
  public double epsilon() {
    return epsilon;
  }

  /**
   * {@return a token's power, in (0, {@link #LARGEST_POWER}]}
   *
   * @param token a token, in [0, V)
   */
  public double power(int token) {
    return powers[token];
  }

  /** {@return all powers, [V], a copy} */
  public double[] powers() {
    return powers.clone();
  }

  /** {@return the tokens in the order of their powers; always the same object} */
  public PowerOrder order() {
    PowerOrder known = order;
    if (known == null) {
      synchronized (powers) {
        known = order == null ? new PowerOrder(powers) : order;
        order = known;
      }
    }
    return known;
  }

  /** {@return the largest power} */
  public double largestPower() {
    return largestPower;
  }

  /**
   * {@return the probability that a token is unmasked at the time {@code t}}
   *
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double alpha(double t, int token) {
    checkTime(t);
    return -Math.expm1(logMasked(t, token));
  }

  @Override
  public double oneMinusAlpha(double t, int token) {
    checkTime(t);
    return Math.exp(logMasked(t, token));
  }

  private static void checkTime(double t) {
    require(t >= 0 && t <= 1, "time must be in [0, 1]", t);
  }

  /** Returns {@code ln(1 - alpha(t, token))}, the log-probability of being masked. */
  double logMasked(double t, int token) {
    return logMasked + powers[token] * Math.log(t);
  }

  /**
   * {@return {@code ln((1 - alpha) / alpha)} of a token, the log-odds of its being masked; minus
   * infinity at 0}
   *
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double maskLogOdds(double t, int token) {
    return logMasked(t, token) - Math.log(alpha(t, token));
  }

  /**
   * {@return the derivative of {@link #maskLogOdds} by the token's power, {@code ln t / alpha}}
   *
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double maskLogOddsSlope(double t, int token) {
    return Math.log(t) / alpha(t, token);
  }

  /**
   * {@return the time at which a token is masked with the probability {@code masked}, the inverse
   * of {@link #oneMinusAlpha}; 1 from {@code 1 - epsilon} on}
   *
   * @param masked the probability, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code masked} is negative or NaN
   */
  public double timeWhenMasked(double masked, int token) {
    require(masked >= 0, "a probability must be at least 0", masked);
    return Math.min(1, Math.exp((Math.log(masked) - logMasked) / powers[token]));
  }

  /**
   * {@return {@code alpha' / (1 - alpha)} of a token, the weight of its masked log-likelihood:
   * {@code -power / t} exactly, since epsilon cancels; minus infinity at 0}
   *
   * @param t a time, in [0, 1]
   * @param token a token, in [0, V)
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double lossWeight(double t, int token) {
    checkTime(t);
    return -powers[token] / t;
  }

  /**
   * Returns the probability {@code 1 - (s / t)^power} that a token masked at {@code t} is unmasked
   * at the earlier time {@code s}; 1 at {@code s = 0} (spec, Section 3.5).
   *
   * @throws IllegalArgumentException unless {@code 0 <= s <= t <= 1} and {@code t > 0}
   */
  @Override
  public double unmaskProbability(double s, double t, int token) {
    if (!(s >= 0 && s <= t && t <= 1 && t > 0)) {
      throw new IllegalArgumentException("0 <= s <= t <= 1 and t > 0 must hold: " + s + ", " + t);
    }
    return -Math.expm1(powers[token] * Math.log(s / t));
  }

  /**
   * Returns the power up to which a token is masked at the time {@code t} by the uniform {@code u},
   * which keeps it where {@code u < alpha}:
   *
   * <pre>{@code
   * u >= 1 - (1 - epsilon) t^power   where   power <= ln((1 - u) / (1 - epsilon)) / ln t
   * }</pre>
   *
   * so that noise is turned into masks by a comparison once powers are known.
   *
   * <p>The inner step of masking; arguments are not checked.
   *
   * @param t the time, in (0, 1]
   * @param u a uniform number in [0, 1)
   * @param epsilon the squeeze, {@code alpha(1, v)}, in [0, 0.5)
   * @return the critical power: infinite where every power masks the token, negative where none
   *     does
   */
  public static double criticalPower(double t, double u, double epsilon) {
    double exponent = Math.log1p(-u) - Math.log1p(-epsilon);
    if (t == 1) {
      return exponent <= 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    }
    return exponent / Math.log(t);
  }

  /**
   * {@return the reconstruction term of a token at {@link #TIME_FLOOR}, in nats: it is masked with
   * its own probability, and guessed in proportion to the tokens' probabilities of being masked
   * (spec, Section 3.2)}
   *
   * <pre>{@code
   * -(1 - epsilon) t1^w_x (w_x ln t1 - ln sum_v t1^w_v)
   * }</pre>
   *
   * @param token a token, in [0, V)
   */
  public double reconstruction(int token) {
    return -oneMinusAlpha(TIME_FLOOR, token) * logGuessAtFloor(token);
  }

  /**
   * Returns the gradient of {@link #reconstruction}, summed over tokens, by the powers:
   *
   * <pre>{@code
   * -(1 - epsilon) ln t1 (n_v t1^w_v (1 + ln g_v) - g_v sum_u n_u t1^w_u),   g_v = t1^w_v / sum_u t1^w_u
   * }</pre>
   *
   * @param counts how often each token occurs, n, [V]
   * @return nats per unit of power, [V]
   * @throws IllegalArgumentException if there are not V counts
   */
  public double[] reconstructionGradient(long[] counts) {
    require(counts.length == powers.length, "there must be V counts", counts.length);
    double masked = 0;
    for (int v = 0; v < powers.length; v++) {
      masked += counts[v] * oneMinusAlpha(TIME_FLOOR, v);
    }
    double[] gradient = new double[powers.length];
    for (int v = 0; v < powers.length; v++) {
      double logGuess = logGuessAtFloor(v);
      double own = counts[v] * oneMinusAlpha(TIME_FLOOR, v) * (1 + logGuess);
      gradient[v] = -LOG_FLOOR * (own - Math.exp(logGuess) * masked);
    }
    return gradient;
  }

  /** Returns {@code ln(t1^w_x / sum_v t1^w_v)}, what is guessed of a token at the time floor. */
  private double logGuessAtFloor(int token) {
    return powers[token] * LOG_FLOOR - logMaskedAtFloor;
  }

  /**
   * Returns the gradient by the raw parameters of a function of the powers {@code softplus(raw)}.
   *
   * @param byPower its gradient by the powers [V]
   * @param raw [V], or one number that is all tokens' own
   * @return the gradient, of the length of {@code raw}
   * @throws IllegalArgumentException if there are neither V raw numbers nor one
   */
  public static float[] gradientByRaw(double[] byPower, float[] raw) {
    require(
        raw.length == 1 || raw.length == byPower.length,
        "there must be 1 number or " + byPower.length,
        raw.length);
    double[] gradient = new double[raw.length];
    for (int v = 0; v < byPower.length; v++) {
      int own = raw.length == 1 ? 0 : v;
      gradient[own] += byPower[v] / (1 + Math.exp(-raw[own]));
    }
    float[] narrow = new float[raw.length];
    for (int v = 0; v < narrow.length; v++) {
      narrow[v] = (float) gradient[v];
    }
    return narrow;
  }
}
