// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.Arrays;
import java.util.Locale;

/**
 * A curve whose log signal-to-noise ratio {@code ln(alpha / (1 - alpha))} falls from one number to
 * another by straight pieces: the noise that Gaussian diffusion learns (Kingma et al., 2021,
 * Section 5, whose curve is a monotone network).
 *
 * <p>The way between the two ends is cut into K equal pieces, and each takes its share of the time:
 * in piece k, which begins at the time {@code c_k},
 *
 * <pre>{@code
 * logSnr(t) = start + (end - start) (k + (t - c_k) / share_k) / K
 * }</pre>
 *
 * <p>So the shares are the odds with which a time drawn uniformly falls on each level of noise. The
 * curve is that of a model's parameters and has no text form; it needs no squeeze. Times are not
 * checked here. Immutable.
 */
public final class NoiseCurve implements Curve {
  private final double start;
  private final double end;
  private final double[] shares;
  private final double[] begins;

  /**
   * Makes the curve.
   *
   * @param start the log signal-to-noise ratio at time 0
   * @param end the log signal-to-noise ratio at time 1, below {@code start}
   * @param shares shares of the time, one for each piece, above 0, adding up to 1, [K]; copied
   * @throws IllegalArgumentException if the ends are not finite and falling, or a share is not
   *     above 0, or they do not add up to 1
   */
  public NoiseCurve(double start, double end, double[] shares) {
    if (!(start > end && start - end < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a log signal-to-noise ratio must fall: from %s to %s".formatted(start, end));
    }
    this.start = start;
    this.end = end;
    this.shares = shares.clone();
    this.begins = new double[shares.length + 1];
    for (int k = 0; k < shares.length; k++) {
      if (!(shares[k] > 0)) {
        throw new IllegalArgumentException("a share of the time must be above 0: " + shares[k]);
      }
      begins[k + 1] = begins[k] + shares[k];
    }
    if (!(Math.abs(begins[shares.length] - 1) < 1e-9)) {
      throw new IllegalArgumentException(
          "the shares of the time must add up to 1: " + begins[shares.length]);
    }
  }

  /** {@return the log signal-to-noise ratio at time 0} */
  public double start() {
    return start;
  }

  /** {@return the log signal-to-noise ratio at time 1} */
  public double end() {
    return end;
  }

  /** {@return K, the number of pieces} */
  public int pieces() {
    return shares.length;
  }

  /**
   * {@return the share of the time of a piece, in (0, 1]}
   *
   * @param piece its number, in [0, K)
   */
  public double share(int piece) {
    return shares[piece];
  }

  /** {@return how far the log signal-to-noise ratio falls in each piece, above 0} */
  public double fall() {
    return (start - end) / shares.length;
  }

  /**
   * {@return the number of the piece of a time; at a border the later one}
   *
   * @param t a time, in [0, 1]
   */
  public int piece(double t) {
    int found = Arrays.binarySearch(begins, 0, shares.length, t);
    return found >= 0 ? found : -found - 2;
  }

  /**
   * {@return the log signal-to-noise ratio at a time}
   *
   * @param t a time, in [0, 1]
   */
  public double logSnr(double t) {
    int k = piece(t);
    return Math.max(end, start - fall() * (k + (t - begins[k]) / shares[k]));
  }

  @Override
  public double alpha(double t) {
    return logistic(logSnr(t));
  }

  @Override
  public double oneMinusAlpha(double t) {
    return logistic(-logSnr(t));
  }

  /** {@code alpha (1 - alpha)} times the slope of the piece; at a border that of the later one. */
  @Override
  public double alphaPrime(double t) {
    return -alpha(t) * oneMinusAlpha(t) * fall() / shares[piece(t)];
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoiseCurve curve
        && curve.start == start
        && curve.end == end
        && Arrays.equals(curve.shares, shares);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Double.hashCode(start) + Double.hashCode(end)) + Arrays.hashCode(shares);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "learned noise from %.2f to %.2f", start, end);
  }
}
