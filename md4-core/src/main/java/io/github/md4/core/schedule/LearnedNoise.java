// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static io.github.md4.core.Checks.require;

import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The noise of Gaussian diffusion, learned with the network, as a configuration names it; {@link
 * NoiseCurve} is the schedule itself. The ends lower the bound, and the shape between them, which
 * the bound does not depend on, lowers the variance of its estimate (Kingma et al., 2021).
 *
 * <p>Its parameters are both ends and K = 32 numbers, float [34] in all.
 *
 * @param start the log signal-to-noise ratio (nats) at time 0 before anything is learned, at most
 *     {@link #FARTHEST}
 * @param end the log signal-to-noise ratio at time 1, at least {@code -}{@link #FARTHEST} and at
 *     least 1 below {@code start}
 */
public record LearnedNoise(double start, double end) implements ScheduleConfig {
  /** Neither end goes further from 0, which is what a network's input of the time has room for. */
  public static final double FARTHEST = 12;

  /** Plaid's 3, for embeddings of the squared length 16 instead of 1. */
  public static final double DEFAULT_START = 0.2;

  /** Plaid's -6, likewise. */
  public static final double DEFAULT_END = -8.8;

  /** The ends stay as far apart as this. */
  static final double LEAST_FALL = 1;

  /** K, the pieces of the curve. */
  static final int PIECES = 32;

  /** The share of the time that all pieces share evenly, so that no weight is much above it. */
  static final double EVEN = 0.1;

  private static final int ENDS = 2;
  private static final String NAME = "learned-noise";
  private static final ScheduleForm FORM =
      new ScheduleForm(
          Pattern.compile(NAME + "(?:\\(\\s*([^,()\\s]+)\\s*,\\s*([^,()\\s]+)\\s*\\))?"),
          "a learned noise is written learned-noise or learned-noise(START, END)");

  /**
   * Checks the ends.
   *
   * @param start the log signal-to-noise ratio at time 0 before anything is learned
   * @param end the log signal-to-noise ratio at time 1 before anything is learned
   * @throws IllegalArgumentException if an end lies too far out, or the fall between them is too
   *     small
   */
  public LearnedNoise {
    if (!(start <= FARTHEST && end >= -FARTHEST && start - end >= LEAST_FALL)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a learned noise must start at most at %.0f and end at least at %.0f, %.0f lower: %s, %s",
              FARTHEST,
              -FARTHEST,
              LEAST_FALL,
              start,
              end));
    }
  }

  /** Plaid's ends. */
  public LearnedNoise() {
    this(DEFAULT_START, DEFAULT_END);
  }

  /** Returns whether a text begins as one that {@link #parse} reads. */
  static boolean isMeantBy(String text) {
    return text.strip().startsWith(NAME);
  }

  /**
   * {@return the choice written as {@code learned-noise} or {@code learned-noise(start, end)}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  public static LearnedNoise parse(String text) {
    Matcher form = FORM.match(text);
    return form.group(1) == null
        ? new LearnedNoise()
        : new LearnedNoise(FORM.number(form, 1, text), FORM.number(form, 2, text));
  }

  /** {@return the parameters before anything is learned: both ends, then K zeros, [2 + K], new} */
  public float[] initial() {
    float[] raw = new float[ENDS + PIECES];
    raw[0] = (float) start;
    raw[1] = (float) end;
    return raw;
  }

  /**
   * {@return the curve of parameters: a share is a tenth of an even one and nine tenths of a
   * softmax}
   *
   * @param raw both ends, then K numbers, [2 + K]
   * @throws IllegalArgumentException if there are not 2 + K numbers, or the ends do not fall
   */
  public static NoiseCurve curve(float[] raw) {
    double[] softmax = softmax(raw);
    double[] shares = new double[PIECES];
    for (int k = 0; k < PIECES; k++) {
      shares[k] = EVEN / PIECES + (1 - EVEN) * softmax[k];
    }
    return new NoiseCurve(raw[0], raw[1], shares);
  }

  /**
   * {@return the gradient of a function of the curve by the parameters, [2 + K]}
   *
   * @param byStart its gradient by the first end
   * @param byEnd its gradient by the second end
   * @param byLogShare its gradient by the logarithm of each share, [K]
   * @param raw the parameters, [2 + K]
   * @throws IllegalArgumentException if there are not 2 + K parameters
   */
  public static float[] gradientByRaw(
      double byStart, double byEnd, double[] byLogShare, float[] raw) {
    double[] softmax = softmax(raw);
    double[] bySoftmax = new double[PIECES];
    double mean = 0;
    for (int k = 0; k < PIECES; k++) {
      bySoftmax[k] = (1 - EVEN) * byLogShare[k] / (EVEN / PIECES + (1 - EVEN) * softmax[k]);
      mean += softmax[k] * bySoftmax[k];
    }
    float[] gradient = new float[ENDS + PIECES];
    gradient[0] = (float) byStart;
    gradient[1] = (float) byEnd;
    for (int k = 0; k < PIECES; k++) {
      gradient[ENDS + k] = (float) (softmax[k] * (bySoftmax[k] - mean));
    }
    return gradient;
  }

  /**
   * Brings ends that an update has moved too far back to where they may be: within {@link
   * #FARTHEST} of 0, the second at least 1 below the first.
   *
   * @param raw the parameters, [2 + K], changed in place
   */
  public static void confine(float[] raw) {
    raw[0] = (float) Math.min(FARTHEST, Math.max(-FARTHEST + LEAST_FALL, raw[0]));
    raw[1] = (float) Math.max(-FARTHEST, Math.min(raw[0] - LEAST_FALL, raw[1]));
  }

  private static double[] softmax(float[] raw) {
    require(raw.length == ENDS + PIECES, "there must be 34 parameters", raw.length);
    double most = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < PIECES; k++) {
      most = Math.max(most, raw[ENDS + k]);
    }
    double[] softmax = new double[PIECES];
    double sum = 0;
    for (int k = 0; k < PIECES; k++) {
      softmax[k] = Math.exp(raw[ENDS + k] - most);
      sum += softmax[k];
    }
    for (int k = 0; k < PIECES; k++) {
      softmax[k] /= sum;
    }
    return softmax;
  }

  @Override
  public <R> R match(
      Function<Curve, R> curve,
      Function<LearnedPowers, R> powers,
      Function<LearnedNoise, R> noise) {
    return noise.apply(this);
  }

  @Override
  public MaskingSchedule starting(int vocabularySize, double epsilon) {
    return new MaskingSchedule(curve(initial()), 0);
  }

  @Override
  public int parameterCount(int vocabularySize) {
    return ENDS + PIECES;
  }

  @Override
  public String toString() {
    return CurveText.call(NAME, start, end);
  }
}
