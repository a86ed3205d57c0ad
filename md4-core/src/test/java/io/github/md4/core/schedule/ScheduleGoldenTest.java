// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.ndarray.NDMaskingSchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Our doubles against the reference's float32. The tolerances are the spec's, section 11: float32
 * has a relative error near 1e-7, which {@code 1 - alpha} divides by {@code 1 - alpha}.
 */
@Tag("golden")
final class ScheduleGoldenTest {
  private static final Pattern SCHEDULES = Pattern.compile("schedules_eps(.+)");
  private static final Pattern GRIDS = Pattern.compile("sampling_grid_T(\\d+)_(.+)_schedule");
  private static final Pattern POLYNOMIAL = Pattern.compile("poly(?:nomial)?([0-9.eE+-]+)");
  private static final Pattern ANY = Pattern.compile(".*");
  private static final double GRID_TOLERANCE = 1e-6;

  @TestFactory
  List<DynamicTest> schedule_isTheReference() {
    List<DynamicTest> tests = new ArrayList<>();
    Golden.objects(Golden.root(), SCHEDULES)
        .forEach(
            (section, schedules) -> {
              Matcher name = matched(SCHEDULES, section);
              double epsilon = Double.parseDouble(name.group(1));
              Golden.objects(schedules, ANY)
                  .forEach(
                      (curve, columns) ->
                          tests.addAll(columnTests(section, curve, epsilon, columns)));
            });
    return tests.isEmpty() ? List.of(Golden.missing("schedules_eps<number>")) : tests;
  }

  private static List<DynamicTest> columnTests(
      String section, String curve, double epsilon, JsonObject columns) {
    return List.of("alpha", "dalpha", "weight", "logsnr").stream()
        .map(
            column ->
                dynamicTest(
                    section + " " + curve + " " + column,
                    () -> {
                      MaskingSchedule schedule = new MaskingSchedule(curve(curve), epsilon);
                      checkColumn(schedule, column, columns);
                    }))
        .toList();
  }

  private static void checkColumn(MaskingSchedule schedule, String column, JsonObject columns) {
    double[] t = Golden.doubles(Golden.field(columns, "t"));
    double[] expected = Golden.doubles(Golden.field(columns, column));
    assertThat(expected).as("lengths").hasSameSizeAs(t);
    checkColumn(schedule, column, t, expected, function(schedule, column));
    checkColumn(schedule, column, t, expected, overArrays(schedule, column));
  }

  private static void checkColumn(
      MaskingSchedule schedule,
      String column,
      double[] t,
      double[] expected,
      DoubleUnaryOperator function) {
    for (int i = 0; i < t.length; i++) {
      double actual = function.applyAsDouble(t[i]);
      if (Double.isInfinite(expected[i])) {
        assertThat(actual).as("t = %s", t[i]).isEqualTo(expected[i]);
      } else {
        assertThat(actual)
            .as("t = %s", t[i])
            .isCloseTo(expected[i], within(tolerance(schedule, column, t[i])));
      }
    }
  }

  private static DoubleUnaryOperator function(MaskingSchedule schedule, String column) {
    return switch (column) {
      case "alpha" -> schedule::alpha;
      case "dalpha" -> schedule::alphaPrime;
      case "weight" -> t -> new TimeAxis.Continuous().lossWeight(schedule, t);
      default -> schedule::logSnr;
    };
  }

  /** The same functions over arrays. */
  private static DoubleUnaryOperator overArrays(MaskingSchedule schedule, String column) {
    NDMaskingSchedule arrays = new NDMaskingSchedule(schedule);
    UnaryOperator<NDArray> function =
        switch (column) {
          case "alpha" -> arrays::alpha;
          case "dalpha" -> arrays::alphaPrime;
          case "weight" -> arrays::lossWeight;
          default -> arrays::logSnr;
        };
    return t -> {
      try (NDManager manager = NDManager.newBaseManager()) {
        return function.apply(manager.create(new double[] {t})).getDouble();
      }
    };
  }

  private static double tolerance(MaskingSchedule schedule, String column, double t) {
    double masked = schedule.oneMinusAlpha(t);
    return switch (column) {
      case "alpha" -> 2e-7;
      case "dalpha" -> 2e-7 + 2e-6 * Math.abs(schedule.alphaPrime(t));
      case "weight" -> 2e-7 + Math.abs(schedule.lossWeight(t)) * (2e-6 + 2e-7 / masked);
      default -> 2e-5 + 2e-7 / masked + 2e-7 / schedule.alpha(t);
    };
  }

  @TestFactory
  List<DynamicTest> grid_isTheReference() {
    List<DynamicTest> tests = new ArrayList<>();
    Golden.objects(Golden.root(), GRIDS)
        .forEach((section, grids) -> tests.addAll(gridTests(section, grids)));
    return tests.isEmpty()
        ? List.of(Golden.missing("sampling_grid_T<steps>_<schedule>_schedule"))
        : tests;
  }

  private static List<DynamicTest> gridTests(String section, JsonObject grids) {
    Matcher name = matched(GRIDS, section);
    int steps = Integer.parseInt(name.group(1));
    return List.of("uniform", "cosine").stream()
        .map(
            grid ->
                dynamicTest(
                    section + " " + grid,
                    () -> {
                      MaskingSchedule schedule = new MaskingSchedule(curve(name.group(2)));
                      JsonElement rows = Golden.field(grids, grid);
                      checkGrid(schedule, SamplingGrid.parse(grid), steps, Golden.rows(rows));
                    }))
        .toList();
  }

  private static void checkGrid(
      MaskingSchedule schedule, SamplingGrid grid, int steps, double[][] rows) {
    assertThat(rows).hasDimensions(steps, 3);
    for (int i = 0; i < steps; i++) {
      double t = grid.time(i, steps);
      double s = grid.time(i + 1, steps);
      assertThat(new double[] {t, s, schedule.unmaskProbability(s, t)})
          .as("step %d", i)
          .containsExactly(rows[i], within(GRID_TOLERANCE));
      assertThat(overArrays(schedule, s, t)).isCloseTo(rows[i][2], within(GRID_TOLERANCE));
    }
  }

  private static double overArrays(MaskingSchedule schedule, double s, double t) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray earlier = manager.create(new double[] {s});
      NDArray later = manager.create(new double[] {t});
      return new NDMaskingSchedule(schedule).unmaskProbability(earlier, later).getDouble();
    }
  }

  /** The reference's names: linear, cosine, poly2; geometric is the paper's. */
  private static Curve curve(String name) {
    Matcher polynomial = POLYNOMIAL.matcher(name);
    if (polynomial.matches()) {
      return new Curve.Polynomial(Double.parseDouble(polynomial.group(1)));
    }
    if (!List.of("linear", "cosine", "geometric").contains(name)) {
      throw Golden.skipped("no such schedule here: " + name);
    }
    return Curve.parse(name);
  }

  private static Matcher matched(Pattern pattern, String name) {
    Matcher matcher = pattern.matcher(name);
    assertThat(matcher.matches()).isTrue();
    return matcher;
  }
}
