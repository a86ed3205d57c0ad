// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedules;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class NDScheduleTest {
  private static final double[] TIMES = {0, 1e-6, 0.1, 0.37, 0.5, 0.77, 1 - 1e-6, 1};
  private static final double[] INNER = {0.1, 0.37, 0.49, 0.77, 0.95};

  /** Libraries of elementary functions differ by units of the last place. */
  private static final double DOUBLE = 1e-11;

  private static final double FLOAT = 1e-6;
  private static final GenMd4Schedule POWERS =
      new GenMd4Schedule(new double[] {0.3, 1, 1.7, 3, 0.9, 1.1, 2}, 1e-4);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** A curve of a user's own that knows no arrays: {@code 1 - t^2}. */
  record Squared() implements Curve {
    @Override
    public double alpha(double t) {
      return (1 - t) * (1 + t);
    }

    @Override
    public double oneMinusAlpha(double t) {
      return t * t;
    }

    @Override
    public double alphaPrime(double t) {
      return -2 * t;
    }
  }

  static List<MaskingSchedule> schedules() {
    return Stream.concat(Schedules.CURVES.stream(), Stream.of(new Squared()))
        .flatMap(curve -> Stream.of(new MaskingSchedule(curve), new MaskingSchedule(curve, 0)))
        .toList();
  }

  private static Map<UnaryOperator<NDArray>, DoubleUnaryOperator> functions(
      MaskingSchedule schedule) {
    NDMaskingSchedule arrays = new NDMaskingSchedule(schedule);
    return Map.of(
        arrays::alpha, schedule::alpha,
        arrays::oneMinusAlpha, schedule::oneMinusAlpha,
        arrays::alphaPrime, schedule::alphaPrime,
        arrays::logSnr, schedule::logSnr,
        arrays::lossWeight, schedule::lossWeight);
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void functions_areTheHostsInFloat64(MaskingSchedule schedule) {
    functions(schedule)
        .forEach(
            (ours, host) -> {
              double[] values = ours.apply(manager.create(TIMES)).toDoubleArray();
              for (int i = 0; i < TIMES.length; i++) {
                assertClose(values[i], host.applyAsDouble(TIMES[i]), DOUBLE);
              }
            });
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void functions_areTheHostsInFloat32(MaskingSchedule schedule) {
    float[] times = new float[TIMES.length];
    for (int i = 0; i < times.length; i++) {
      times[i] = (float) TIMES[i];
    }
    functions(schedule)
        .forEach(
            (ours, host) -> {
              float[] values = ours.apply(manager.create(times)).toFloatArray();
              for (int i = 0; i < times.length; i++) {
                assertClose(values[i], host.applyAsDouble(times[i]), FLOAT);
              }
            });
  }

  private static void assertClose(double actual, double expected, double relative) {
    if (Double.isInfinite(expected)) {
      assertThat(actual).isEqualTo(expected);
    } else {
      assertThat(actual).isCloseTo(expected, within(relative * Math.max(1e-3, Math.abs(expected))));
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void discreteLossWeight_isTheHosts(MaskingSchedule schedule) {
    for (TimeAxis axis : Schedules.AXES) {
      double[] times = new double[7];
      for (int i = 0; i < times.length; i++) {
        times[i] = axis.snap(i / 7.0);
      }
      NDArray weights = new NDMaskingSchedule(schedule).lossWeight(axis, manager.create(times));
      for (int i = 0; i < times.length; i++) {
        assertClose(weights.getDouble(i), axis.lossWeight(schedule, times[i]), DOUBLE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void unmaskProbability_isTheHosts(MaskingSchedule schedule) {
    double[] s = {0, 0, 0.2, 0.5, 0.999999, 0.3};
    double[] t = {0.001, 1, 0.2, 0.6, 1, 0.300001};
    NDArray p =
        new NDMaskingSchedule(schedule).unmaskProbability(manager.create(s), manager.create(t));
    for (int i = 0; i < s.length; i++) {
      // Where s is close to t the difference of alphas cancels in both.
      assertThat(p.getDouble(i)).isCloseTo(schedule.unmaskProbability(s[i], t[i]), within(1e-13));
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void gradients_areTheSlopes(MaskingSchedule schedule) {
    NDMaskingSchedule arrays = new NDMaskingSchedule(schedule);
    TimeAxis steps = new TimeAxis.Discrete(10);
    double[] inner = {0.3, 0.5, 0.9}; // where t - 1/10 is above 0
    Map<UnaryOperator<NDArray>, DoubleUnaryOperator> functions = functions(schedule);
    List<Sum> sums = new ArrayList<>();
    functions.keySet().forEach(ours -> sums.add(new Sum(ours, manager.create(INNER))));
    sums.add(new Sum(arrays::alpha, manager.create(INNER)));
    sums.add(new Sum(t -> arrays.lossWeight(steps, t), manager.create(inner)));
    List<double[]> gradients = gradients(sums);
    for (int f = 0; f < functions.size(); f++) {
      assertSlopes(gradients.get(f), functions.get(sums.get(f).function), INNER);
    }
    double[] alpha = gradients.get(functions.size());
    for (int i = 0; i < INNER.length; i++) {
      assertClose(alpha[i], schedule.alphaPrime(INNER[i]), DOUBLE);
    }
    double[] ofSteps = gradients.get(functions.size() + 1);
    assertSlopes(ofSteps, t -> -10 * schedule.unmaskProbability(t - 0.1, t), inner);
  }

  /** Times in float32, and computed from what is differentiated. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void gradients_reachWhatTimesAreMadeOf(MaskingSchedule schedule) {
    float[] narrow = new float[INNER.length];
    double[] halves = new double[INNER.length];
    for (int i = 0; i < INNER.length; i++) {
      narrow[i] = (float) INNER[i];
      halves[i] = INNER[i] / 2;
    }
    List<Sum> sums = new ArrayList<>();
    for (UnaryOperator<NDArray> ours : functions(schedule).keySet()) {
      sums.add(new Sum(ours, manager.create(INNER)));
      sums.add(new Sum(ours, manager.create(narrow)));
      sums.add(new Sum(t -> ours.apply(t.add(t)), manager.create(halves)));
    }
    List<double[]> gradients = gradients(sums);
    for (int f = 0; f < gradients.size(); f += 3) {
      assertClose(gradients.get(f + 1), gradients.get(f), 1e-5, 1);
      assertClose(gradients.get(f + 2), gradients.get(f), DOUBLE, 2);
    }
  }

  private static void assertClose(
      double[] actual, double[] expected, double relative, double factor) {
    for (int i = 0; i < expected.length; i++) {
      assertClose(actual[i], factor * expected[i], relative);
    }
  }

  private static void assertSlopes(double[] ours, DoubleUnaryOperator host, double[] times) {
    double h = 1e-6;
    for (int i = 0; i < times.length; i++) {
      double t = times[i];
      double slope = (host.applyAsDouble(t + h) - host.applyAsDouble(t - h)) / (2 * h);
      // A central difference with this h is good to about 1e-7 of the largest value near it.
      double scale = Math.max(1, Math.abs(host.applyAsDouble(t)));
      assertThat(ours[i]).isCloseTo(slope, within(1e-6 * Math.max(scale, Math.abs(slope))));
    }
  }

  /** The sum of a function's values at times that it is differentiated by. */
  private record Sum(UnaryOperator<NDArray> function, NDArray times) {}

  /** Returns the gradients of sums by their times; between, freed memory is written over. */
  private static List<double[]> gradients(List<Sum> sums) {
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      List<NDArray> values = new ArrayList<>();
      for (Sum sum : sums) {
        sum.times.setRequiresGradient(true);
        values.add(sum.function.apply(sum.times).sum());
      }
      FreedMemory.scribble();
      values.forEach(collector::backward);
    }
    return sums.stream()
        .map(sum -> sum.times.getGradient().toType(DataType.FLOAT64, false).toDoubleArray())
        .toList();
  }

  @Test
  @Tag("exact")
  void genMd4_isTheHosts() {
    NDGenMd4Schedule arrays = NDGenMd4Schedule.of(POWERS, manager);
    double[] times = {1e-3, 0.4, 1};
    NDArray t = manager.create(times);
    NDArray x = manager.arange(7).toType(DataType.INT64, false);
    NDArray tokens = x.reshape(1, 7).repeat(0, 3); // [3, 7]
    double[] alpha = arrays.alpha(t, tokens).toDoubleArray();
    double[] masked = arrays.oneMinusAlpha(t, tokens).toDoubleArray();
    double[] prime = arrays.alphaPrime(t, tokens).toDoubleArray();
    double[] logSnr = arrays.logSnr(t, tokens).toDoubleArray();
    double[] weight = arrays.lossWeight(t, tokens).toDoubleArray();
    double[] unmask = arrays.unmaskProbabilities(t.mul(0.7), t).toDoubleArray();
    for (int b = 0; b < 3; b++) {
      for (int v = 0; v < 7; v++) {
        int at = 7 * b + v;
        double host = POWERS.oneMinusAlpha(times[b], v);
        assertClose(alpha[at], POWERS.alpha(times[b], v), DOUBLE);
        assertClose(masked[at], host, DOUBLE);
        assertClose(weight[at], POWERS.lossWeight(times[b], v), DOUBLE);
        assertClose(prime[at], POWERS.lossWeight(times[b], v) * host, DOUBLE);
        assertClose(logSnr[at], -POWERS.maskLogOdds(times[b], v), DOUBLE);
        assertClose(unmask[at], POWERS.unmaskProbability(0.7 * times[b], times[b], v), DOUBLE);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT64, FLOAT64, 1e-11",
    "FLOAT32, FLOAT64, 1e-6",
    "FLOAT64, FLOAT32, 1e-6",
    "FLOAT32, FLOAT32, 1e-6"
  })
  @Tag("exact")
  void genMd4_isDifferentiableInPowersAndTimes(DataType ofPowers, DataType ofTimes, double close) {
    NDArray powers = manager.create(POWERS.powers()).toType(ofPowers, true);
    powers.setRequiresGradient(true);
    NDGenMd4Schedule arrays = new NDGenMd4Schedule(powers, POWERS.epsilon());
    double t = 0.4;
    NDArray times = manager.create(new double[] {t}).toType(ofTimes, true);
    times.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray x = manager.create(new long[] {0, 3, 3}, new Shape(1, 3));
      NDArray sum = arrays.logSnr(times, x).sum();
      FreedMemory.scribble();
      collector.backward(sum);
    }
    double[] slopes = powers.getGradient().toType(DataType.FLOAT64, false).toDoubleArray();
    assertClose(slopes[0], -POWERS.maskLogOddsSlope(t, 0), close);
    assertThat(slopes[1]).isZero();
    assertClose(slopes[3], -2 * POWERS.maskLogOddsSlope(t, 3), close);
    double h = 1e-6;
    double slope = (genMd4LogSnr(t + h) - genMd4LogSnr(t - h)) / (2 * h);
    assertThat(times.getGradient().toType(DataType.FLOAT64, false).getDouble())
        .isCloseTo(slope, within(1e-6 * Math.abs(slope)));
  }

  private static double genMd4LogSnr(double t) {
    return -POWERS.maskLogOdds(t, 0) - 2 * POWERS.maskLogOdds(t, 3);
  }

  @Test
  @Tag("exact")
  void functions_leaveOnlyTheirResultBehind() {
    for (MaskingSchedule schedule : schedules()) {
      functions(schedule)
          .keySet()
          .forEach(
              function -> {
                try (NDManager scope = manager.newSubManager()) {
                  NDArray t = scope.create(TIMES);
                  NDArray result = function.apply(t);
                  assertThat(scope.getManagedArrays()).containsExactlyInAnyOrder(t, result);
                }
              });
    }
  }

  @Test
  @Tag("exact")
  void alpha_rejectsWholeNumbers() {
    NDMaskingSchedule schedule = new NDMaskingSchedule(new MaskingSchedule(new Curve.Linear()));
    assertThatThrownBy(() -> schedule.alpha(manager.create(new long[] {0, 1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("t must be float32 or float64: int64");
  }

  @Test
  @Tag("exact")
  void schedules_rejectOtherPowersAndNone() {
    NDArray powers = manager.create(new float[] {1, 2});
    assertThatThrownBy(() -> new NDGenMd4Schedule(manager.create(new long[] {1, 2}), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("powers must be float32 or float64: int64");
    assertThatThrownBy(() -> new NDGenMd4Schedule(powers.reshape(1, 2), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("powers must have the shape (V): (1, 2)");
    assertThatThrownBy(() -> new NDGenMd4Schedule(powers, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("epsilon must be in [0, 0.5): NaN");
    assertThatThrownBy(() -> new NDMaskingSchedule(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("schedule");
  }
}
