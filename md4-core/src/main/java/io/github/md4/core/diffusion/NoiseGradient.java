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
 * start ({@link GaussianObjective#queryAround}). For one thread.
 */
public final class NoiseGradient {
  /** The places of the sums over a step's examples. */
  private static final int EXAMPLES = 0;

  private static final int TOKENS = 1;

  /** The integral of f over the first piece. */
  private static final int FIRST_PIECE = 2;

  /** That over the last piece, brought to the end's ratio, for there f goes with the ratio. */
  private static final int LAST_PIECE = 3;

  /** Weighted cross-entropies above the start. */
  private static final int ABOVE = 4;

  private static final int COUNT_ABOVE = 5;

  private static final int BELOW = 6;

  private static final int COUNT_BELOW = 7;

  /** How many they are; behind them stand those of the squared losses of each piece. */
  private static final int SUMS = 8;

  private final NoiseCurve curve;
  private final int width;
  private final double[] sums;

  /**
   * Begins the gradient of a step.
   *
   * @param curve the noise as it is now
   * @param width D, the coordinates of an embedding, at least 1
   */
  public NoiseGradient(NoiseCurve curve, int width) {
    this.curve = curve;
    this.width = width;
    this.sums = new double[SUMS + curve.pieces()];
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
      sums[EXAMPLES]++;
      add(TOKENS, batch.length());
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
    add(isAbove ? ABOVE : BELOW, value);
    add(isAbove ? COUNT_ABOVE : COUNT_BELOW, 1);
  }

  private void addLater(double t, double logSnr, double value) {
    int piece = curve.piece(t);
    sums[SUMS + piece] += value * value;
    if (piece == 0) {
      add(FIRST_PIECE, value);
    }
    if (piece == curve.pieces() - 1) {
      add(LAST_PIECE, value * Math.exp(curve.end() - logSnr));
    }
  }

  private void add(int sum, double value) {
    sums[sum] += value;
  }

  /** {@return what was added, which is added up over processes; not to be changed} */
  public double[] sums() {
    return sums;
  }

  /**
   * {@return the gradient by the parameters of {@link LearnedNoise}: the ends' in bits per token}
   *
   * @param all the {@link #sums} of all processes, added up
   * @param raw the parameters, [2 + K]
   * @throws IllegalArgumentException if there are not 2 + K parameters
   */
  public float[] byRaw(double[] all, float[] raw) {
    double byStart = all[FIRST_PIECE] / curve.fall() / all[TOKENS] + slope(all);
    double prior = width * curve.alpha(1) / 2;
    double byEnd = prior - all[LAST_PIECE] / curve.fall() / all[TOKENS];
    return LearnedNoise.gradientByRaw(
        Units.bitsPerToken(byStart), Units.bitsPerToken(byEnd), byLogShare(all), raw);
  }

  /** Returns the derivative of the cross-entropy at the start, nats per token. */
  private static double slope(double[] all) {
    if (all[COUNT_ABOVE] == 0 || all[COUNT_BELOW] == 0) {
      return 0;
    }
    double above = all[ABOVE] / all[COUNT_ABOVE];
    double below = all[BELOW] / all[COUNT_BELOW];
    double difference = GaussianObjective.AT_START * (above - below);
    double length = all[TOKENS] / all[EXAMPLES];
    return difference / (2 * GaussianObjective.START_STEP) / length;
  }

  private double[] byLogShare(double[] all) {
    double[] by = Arrays.copyOfRange(all, SUMS, all.length);
    double sum = Arrays.stream(by).sum();
    for (int k = 0; k < by.length; k++) {
      by[k] = sum > 0 ? -by[k] / sum : 0;
    }
    return by;
  }
}
