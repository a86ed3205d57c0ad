// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.Units;
import io.github.md4.core.schedule.LearnedNoise;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.NoiseCurve;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The gradient by a learned noise where the losses are known functions of the log signal-to-noise
 * ratio: those of a linear guess, and a cross-entropy that falls.
 */
final class NoiseGradientTest {
  private static final int LENGTH = 3;
  private static final int WIDTH = 2;
  private static final TokenSpace SPACE = new TokenSpace(5);
  private static final int[] X = {4, 0, 2};
  private static final int QUERIES = 20_000;

  /** The squared distance of the linear guess {@code scale z}, {@code D (1 - alpha)}. */
  private static double distance(double logSnr) {
    return WIDTH / (1 + Math.exp(logSnr));
  }

  private static double crossEntropy(double logSnr) {
    return 0.3 * Math.exp(-logSnr);
  }

  private static double f(double logSnr) {
    return LENGTH * Math.exp(logSnr) / 2 * distance(logSnr);
  }

  private static float[] raw() {
    Random random = new Random(11);
    float[] raw = new LearnedNoise(1, -6).initial();
    for (int k = 2; k < raw.length; k++) {
      raw[k] = (float) (0.5 * random.nextGaussian());
    }
    return raw;
  }

  private static GaussianObjective objective(float[] raw) {
    MaskingSchedule schedule = new MaskingSchedule(LearnedNoise.curve(raw), 0);
    return new GaussianObjective(SPACE, new GaussianProcess(schedule, WIDTH));
  }

  /** Queries at evenly spread times, with the losses of the functions above. */
  private static NoiseGradient gradient(float[] raw, int parts) {
    NoiseGradient gradient = new NoiseGradient(LearnedNoise.curve(raw), WIDTH);
    for (int part = 0; part < parts; part++) {
      QueryBatch batch = batch(raw, part, parts);
      gradient.add(batch, losses(batch));
    }
    return gradient;
  }

  private static QueryBatch batch(float[] raw, int part, int parts) {
    GaussianObjective objective = objective(raw);
    List<Query> queries = new ArrayList<>();
    for (int i = part; i < QUERIES; i += parts) {
      double v = (i + 0.5) / QUERIES;
      queries.add(objective.queryAround(X, v, new double[LENGTH * WIDTH]));
    }
    int[][] x = new int[queries.size()][];
    Arrays.fill(x, X);
    int[] labels = new int[x.length];
    Arrays.fill(labels, Condition.NO_LABEL);
    return QueryBatch.of(x, labels, queries);
  }

  private static float[] losses(QueryBatch batch) {
    float[] losses = new float[batch.rows().length];
    float[] isAtStart = batch.asked().facts()[0];
    for (int r = 0; r < losses.length; r++) {
      double logSnr = batch.condition().vectors().get(batch.example(r)).logSnr();
      losses[r] = (float) (isAtStart[r] > 0 ? crossEntropy(logSnr) : distance(logSnr));
    }
    return losses;
  }

  private static double simpson(DoubleUnaryOperator of, double low, double high) {
    int intervals = 2_000;
    double h = (high - low) / intervals;
    double sum = of.applyAsDouble(low) + of.applyAsDouble(high);
    for (int i = 1; i < intervals; i++) {
      sum += (i % 2 == 0 ? 2 : 4) * of.applyAsDouble(low + i * h);
    }
    return sum * h / 3;
  }

  /** The bound of these functions between two ends, bits per token. */
  private static double bound(double start, double end) {
    double prior = WIDTH / 2.0 * Math.log1p(Math.exp(end));
    double diffusion = simpson(NoiseGradientTest::f, end, start) / LENGTH;
    return Units.bitsPerToken(diffusion + crossEntropy(start) + prior);
  }

  /** The ends' gradient is the quadrature's central difference. */
  @Test
  @Tag("exact")
  void ends_haveTheSlopeOfTheBound() {
    float[] raw = raw();
    NoiseGradient found = gradient(raw, 1);
    float[] gradient = found.byRaw(found.sums(), raw);
    double h = GaussianObjective.START_STEP;
    double byStart = (bound(1 + h, -6) - bound(1 - h, -6)) / (2 * h);
    // f at the start is its mean over the first piece, of the length 7 / 32, and rises there.
    assertThat((double) gradient[0]).isCloseTo(byStart, within(0.04 * byStart));
    assertThat((double) gradient[0]).isLessThan(byStart);
    double byEnd = (bound(1, -6 + 1e-4) - bound(1, -6 - 1e-4)) / 2e-4;
    assertThat((double) gradient[1]).isCloseTo(byEnd, within(1e-2 * Math.abs(byEnd) + 2e-5));
  }

  /** The shape's is that of the logarithm of the mean square, by central differences. */
  @Test
  @Tag("exact")
  void shape_hasTheSlopeOfTheMeanSquare() {
    float[] raw = raw();
    NoiseGradient found = gradient(raw, 1);
    float[] gradient = found.byRaw(found.sums(), raw);
    for (int i = 2; i < raw.length; i += 3) {
      double h = 0.02;
      double slope = (logMeanSquare(raw, i, h) - logMeanSquare(raw, i, -h)) / (2 * h);
      assertThat((double) gradient[i]).isCloseTo(slope, within(2e-4));
    }
  }

  private static double logMeanSquare(float[] raw, int index, double step) {
    float[] moved = raw.clone();
    moved[index] += (float) step;
    return Math.log(meanSquare(LearnedNoise.curve(moved)));
  }

  /** The integral of f^2 / p, p being the density of the ratio. */
  private static double meanSquare(NoiseCurve curve) {
    double sum = 0;
    for (int k = 0; k < curve.pieces(); k++) {
      double high = curve.start() - k * curve.fall();
      double square = simpson(l -> f(l) * f(l), high - curve.fall(), high);
      sum += square * curve.fall() / curve.share(k);
    }
    return sum;
  }

  @Test
  @Tag("exact")
  void parts_addUpToTheWhole() {
    float[] raw = raw();
    double[] whole = gradient(raw, 1).sums();
    double[] split = gradient(raw, 7).sums();
    for (int i = 0; i < whole.length; i++) {
      assertThat(split[i]).isCloseTo(whole[i], within(1e-9 * (1 + Math.abs(whole[i]))));
    }
  }

  /** The slope at the start is that of two means, however many queries fell on each side. */
  @Test
  @Tag("exact")
  void start_isOfMeansAboveAndBelow() {
    double[] even = {0.01, 0.1};
    double[] uneven = {0.01, 0.08, 0.1, 0.12};
    assertThat(byStart(uneven)).isCloseTo(byStart(even), within(1e-6f)).isNotZero();
  }

  private static float byStart(double... times) {
    float[] raw = raw();
    List<Query> queries = new ArrayList<>();
    for (double v : times) {
      queries.add(objective(raw).queryAround(X, v, new double[LENGTH * WIDTH]));
    }
    int[][] x = new int[times.length][];
    Arrays.fill(x, X);
    int[] labels = new int[times.length];
    Arrays.fill(labels, Condition.NO_LABEL);
    QueryBatch batch = QueryBatch.of(x, labels, queries);
    NoiseGradient gradient = new NoiseGradient(LearnedNoise.curve(raw), WIDTH);
    gradient.add(batch, losses(batch));
    return gradient.byRaw(gradient.sums(), raw)[0];
  }

  /** A step in which nothing is known of the start leaves its cross-entropy alone. */
  @Test
  void byRaw_isFiniteWithoutQueriesAtTheStart() {
    float[] raw = raw();
    NoiseGradient none = new NoiseGradient(LearnedNoise.curve(raw), WIDTH);
    List<Query> one = List.of(objective(raw).queryAround(X, 0.9, new double[LENGTH * WIDTH]));
    QueryBatch batch = QueryBatch.of(new int[][] {X}, new int[] {Condition.NO_LABEL}, one);
    none.add(batch, losses(batch));
    for (float each : none.byRaw(none.sums(), raw)) {
      assertThat(Float.isFinite(each)).isTrue();
    }
  }

  /**
   * Going down the gradient, the bound's estimate keeps its mean, which is the integral between the
   * ends, and loses its variance: for losses without noise all of it but what the pieces' width and
   * the even share leave.
   */
  @Test
  @Tag("exact")
  void descent_keepsTheBoundAndLowersTheVariance() {
    float[] raw = new LearnedNoise(1, -6).initial();
    double expected = simpson(NoiseGradientTest::f, -6, 1);
    double before = varianceOfLater(raw, expected);
    for (int step = 0; step < 300; step++) {
      NoiseCurve curve = LearnedNoise.curve(raw);
      double[] byLogShare = new double[curve.pieces()];
      double whole = meanSquare(curve);
      for (int k = 0; k < byLogShare.length; k++) {
        double high = curve.start() - k * curve.fall();
        double square = simpson(l -> f(l) * f(l), high - curve.fall(), high);
        byLogShare[k] = -square * curve.fall() / curve.share(k) / whole;
      }
      float[] gradient = LearnedNoise.gradientByRaw(0, 0, byLogShare, raw);
      for (int i = 2; i < raw.length; i++) {
        raw[i] -= 5 * gradient[i];
      }
    }
    double after = varianceOfLater(raw, expected);
    assertThat(before).isGreaterThan(0.5 * expected * expected);
    assertThat(after).isLessThan(0.03 * before);
  }

  /** The variance of the estimate of one query at a later time, whose mean is checked. */
  private static double varianceOfLater(float[] raw, double expected) {
    QueryBatch batch = batch(raw, 0, 1);
    double[] values = batch.values(losses(batch));
    float[] isAtStart = batch.asked().facts()[0];
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int b = 0; b < values.length; b++) {
      if (isAtStart[b * LENGTH] == 0) {
        double value = values[b] * (1 - GaussianObjective.AT_START);
        sum += value;
        squares += value * value;
        count++;
      }
    }
    double mean = sum / count;
    assertThat(mean).isCloseTo(expected, within(1e-3 * expected));
    return squares / count - mean * mean;
  }
}
