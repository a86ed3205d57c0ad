// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Units;
import io.github.md4.core.schedule.LearnedNoise;
import io.github.md4.core.schedule.NoiseCurve;
import java.util.Arrays;

/**
 * The gradient by a learned noise of what a step of training lowers (Kingma et al., 2021, Section 5
 * and Appendix I.2).
 *
 * <p>With {@code f(l)} an example's squared distance at the log signal-to-noise ratio l times half
 * the ratio, the bound is an integral over l, and depends on the ends of the noise alone:
 *
 * <pre>{@code
 * bound = integral of f from end to start + cross-entropy at start + prior at end
 * d bound / d start = f(start) + d cross-entropy / d start
 * d bound / d end   = D / 2 alpha_1 - f(end)
 * }</pre>
 *
 * <p>What the shape between the ends changes is the estimate's variance. A time drawn uniformly
 * gives l the density p, and the estimate f / p; so
 *
 * <pre>{@code
 * E[(f / p)^2] = integral of f^2 / p      d / d log p_k = -E[(f / p)^2 1[l in piece k]]
 * }</pre>
 *
 * <p>which needs the squared losses alone, and no derivative of the network by the noise. What is
 * lowered is the logarithm of that mean square. The ends' f is the mean over the first and the last
 * piece of the curve; the cross-entropy's derivative is a difference of queries above and below the
 * start ({@link GaussianObjective#queryAround}).
 */
public final class NoiseGradient {
  private final NoiseCurve curve;
  private final int width;
  private final double[] sums;

  /** The sums over a step's examples; behind them those of the squared losses of each piece. */
  private enum Sum {
    EXAMPLES,
    TOKENS,
    /** The integral of f over the first piece. */
    FIRST_PIECE,
    /** That over the last piece, brought to the end's ratio, for there f goes with the ratio. */
    LAST_PIECE,
    /** Weighted cross-entropies above the start. */
    ABOVE,
    COUNT_ABOVE,
    BELOW,
    COUNT_BELOW;

    static final int COUNT = values().length;
  }

  /**
   * Begins the gradient of a step.
   *
   * @param curve the noise as it is now
   * @param width D, the coordinates of an embedding
   */
  public NoiseGradient(NoiseCurve curve, int width) {
    this.curve = curve;
    this.width = width;
    this.sums = new double[Sum.COUNT + curve.pieces()];
  }

  /**
   * Adds a part of the step.
   *
   * @param batch queries by {@link GaussianObjective#queryAround}
   * @param ofRows the loss of each row, nats, [R]
   */
  public void add(QueryBatch batch, float[] ofRows) {
    double[] values = batch.values(ofRows);
    float[] isAtStart = batch.asked().facts()[0];
    for (int b = 0; b < values.length; b++) {
      add(Sum.EXAMPLES, 1);
      add(Sum.TOKENS, batch.length());
      double logSnr = batch.condition().vectors().get(b).logSnr();
      if (isAtStart[b * batch.length()] > 0) {
        addAtStart(logSnr, values[b]);
      } else {
        addLater(batch.time(b), logSnr, values[b]);
      }
    }
  }

  private void addAtStart(double logSnr, double value) {
    boolean isAbove = logSnr > curve.start();
    add(isAbove ? Sum.ABOVE : Sum.BELOW, value);
    add(isAbove ? Sum.COUNT_ABOVE : Sum.COUNT_BELOW, 1);
  }

  private void addLater(double t, double logSnr, double value) {
    int piece = curve.piece(t);
    sums[Sum.COUNT + piece] += value * value;
    if (piece == 0) {
      add(Sum.FIRST_PIECE, value);
    }
    if (piece == curve.pieces() - 1) {
      add(Sum.LAST_PIECE, value * Math.exp(curve.end() - logSnr));
    }
  }

  private void add(Sum sum, double value) {
    sums[sum.ordinal()] += value;
  }

  /** {@return what was added, which is added up over processes; not to be changed} */
  public double[] sums() {
    return sums;
  }

  /**
   * {@return the gradient by the parameters of {@link LearnedNoise}: the ends' in bits per token}
   *
   * @param all the {@link #sums} of all processes
   * @param raw the parameters
   */
  public float[] byRaw(double[] all, float[] raw) {
    double byStart = of(all, Sum.FIRST_PIECE) / curve.fall() / of(all, Sum.TOKENS) + slope(all);
    double prior = width * curve.alpha(1) / 2;
    double byEnd = prior - of(all, Sum.LAST_PIECE) / curve.fall() / of(all, Sum.TOKENS);
    return LearnedNoise.gradientByRaw(
        Units.bitsPerToken(byStart), Units.bitsPerToken(byEnd), byLogShare(all), raw);
  }

  /** Returns the derivative of the cross-entropy at the start, nats per token. */
  private static double slope(double[] all) {
    if (of(all, Sum.COUNT_ABOVE) == 0 || of(all, Sum.COUNT_BELOW) == 0) {
      return 0;
    }
    double above = of(all, Sum.ABOVE) / of(all, Sum.COUNT_ABOVE);
    double below = of(all, Sum.BELOW) / of(all, Sum.COUNT_BELOW);
    double difference = GaussianObjective.AT_START * (above - below);
    double length = of(all, Sum.TOKENS) / of(all, Sum.EXAMPLES);
    return difference / (2 * GaussianObjective.START_STEP) / length;
  }

  private double[] byLogShare(double[] all) {
    double[] by = Arrays.copyOfRange(all, Sum.COUNT, all.length);
    double sum = Arrays.stream(by).sum();
    for (int k = 0; k < by.length; k++) {
      by[k] = sum > 0 ? -by[k] / sum : 0;
    }
    return by;
  }

  private static double of(double[] all, Sum sum) {
    return all[sum.ordinal()];
  }
}
