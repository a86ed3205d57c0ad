// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.github.md4.core.djl.MaskedLoss;
import io.github.md4.core.ndarray.NDBound;
import io.github.md4.core.ndarray.NDGenMd4Schedule;
import io.github.md4.core.ndarray.NDMaskingSchedule;
import io.github.md4.core.network.FreedMemory;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedules;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The bound over arrays, held against the objectives that the library trains. */
final class NDBoundTest {
  private static final int M = 7;
  private static final int BATCH = 3;
  private static final int LENGTH = 5;
  private static final int[][] X = {{0, 6, 3, 3, 1}, {2, 2, 5, 0, 4}, {1, 1, 6, 4, 0}};
  private static final int[][] ZT = {{M, 6, M, 3, M}, {2, 2, 5, 0, 4}, {M, M, M, M, M}};
  private static final double[] TIMES = {0.6, 0.2, 0.97};
  private static final GenMd4Schedule POWERS =
      new GenMd4Schedule(new double[] {0.3, 1, 1.7, 3, 0.9, 1.1, 2}, 1e-4);
  private static final FixedDenoiser DENOISER = FixedDenoiser.random(BATCH * LENGTH, M);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Objective> objectives() {
    List<Objective> all = new ArrayList<>();
    for (MaskingSchedule schedule : Schedules.SCHEDULES) {
      for (TimeAxis axis : Schedules.AXES) {
        all.add(new Md4Objective(new TokenSpace(M), schedule, axis));
      }
    }
    for (TimeFloor floor : TimeFloor.values()) {
      all.add(new GenMd4Objective(POWERS, floor));
    }
    return all;
  }

  private NDBound bound(Objective objective) {
    if (objective instanceof Md4Objective md4) {
      return new NDBound.Md4(new NDMaskingSchedule(md4.schedule()), md4.axis());
    }
    GenMd4Objective genMd4 = (GenMd4Objective) objective;
    return new NDBound.GenMd4(NDGenMd4Schedule.of(genMd4.schedule(), manager), genMd4.floor());
  }

  private NDArray ids(int[][] tokens) {
    return manager.create(tokens).toType(DataType.INT64, false);
  }

  private NDArray logits() {
    return manager.create(DENOISER.logits(), new Shape(BATCH, LENGTH, M));
  }

  private static QueryBatch batch(Objective objective) {
    return Queries.of(objective, X, ZT, TIMES);
  }

  private NDArray times(QueryBatch batch) {
    double[] times = {batch.time(0), batch.time(1), batch.time(2)};
    return manager.create(times);
  }

  @ParameterizedTest
  @MethodSource("objectives")
  @Tag("exact")
  void perExample_isTheObjectives(Objective objective) {
    QueryBatch batch = batch(objective);
    double[] expected = batch.values(batch.losses(manager, DENOISER, objective.rowLoss()));
    NDArray ours = bound(objective).perExample(logits(), ids(X), ids(ZT), times(batch));
    assertThat(ours.getDataType()).isEqualTo(DataType.FLOAT32);
    for (int b = 0; b < BATCH; b++) {
      // Sums of a few float32 numbers in two orders.
      assertThat((double) ours.getFloat(b))
          .isCloseTo(expected[b], within(1e-6 * Math.abs(expected[b])));
    }
  }

  @ParameterizedTest
  @MethodSource("objectives")
  @Tag("exact")
  void loss_isTheMeanPerToken(Objective objective) {
    QueryBatch batch = batch(objective);
    double sum = 0;
    for (double each : batch.values(batch.losses(manager, DENOISER, objective.rowLoss()))) {
      sum += each;
    }
    NDList labels = new NDList(ids(X), ids(ZT), times(batch));
    NDArray loss = new MaskedLoss(bound(objective)).evaluate(labels, new NDList(logits()));
    assertThat((double) loss.getFloat())
        .isCloseTo(sum / BATCH / LENGTH, within(1e-6 * Math.abs(sum)));
  }

  @ParameterizedTest
  @MethodSource("objectives")
  @Tag("exact")
  void gradient_isTheDifferenceQuotient(Objective objective) {
    NDArray t = times(batch(objective));
    NDArray logits = logits().toType(DataType.FLOAT64, true);
    logits.setRequiresGradient(true);
    NDBound bound = bound(objective);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray sum = bound.perExample(logits, ids(X), ids(ZT), t).sum();
      FreedMemory.scribble();
      collector.backward(sum);
    }
    double[] gradient = logits.getGradient().toDoubleArray();
    double[] at = logits.toDoubleArray();
    double h = 1e-5;
    for (int i = 0; i < at.length; i += 11) {
      double slope = (total(bound, at, i, h, t) - total(bound, at, i, -h, t)) / (2 * h);
      assertThat(gradient[i]).isCloseTo(slope, within(1e-7 * Math.max(1, Math.abs(slope))));
    }
  }

  private double total(NDBound bound, double[] logits, int index, double h, NDArray t) {
    double[] moved = logits.clone();
    moved[index] += h;
    NDArray array = manager.create(moved, new Shape(BATCH, LENGTH, M));
    return bound.perExample(array, ids(X), ids(ZT), t).sum().getDouble();
  }

  /** Powers of another type than the logits are differentiated too. */
  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT32", "FLOAT64"})
  @Tag("exact")
  void genMd4_isDifferentiableInPowers(DataType type) {
    NDArray powers = manager.create(POWERS.powers()).toType(type, true);
    powers.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray sum = genMd4(powers).sum();
      FreedMemory.scribble();
      collector.backward(sum);
    }
    double[] gradient = powers.getGradient().toType(DataType.FLOAT64, false).toDoubleArray();
    double close = type == DataType.FLOAT64 ? 1e-7 : 1e-6;
    double h = 1e-5;
    for (int v = 0; v < M; v++) {
      double[] up = POWERS.powers();
      double[] down = POWERS.powers();
      up[v] += h;
      down[v] -= h;
      double slope =
          (genMd4(manager.create(up)).sum().getDouble()
                  - genMd4(manager.create(down)).sum().getDouble())
              / (2 * h);
      assertThat(gradient[v]).isCloseTo(slope, within(close * Math.max(1, Math.abs(slope))));
    }
  }

  private NDArray genMd4(NDArray powers) {
    NDGenMd4Schedule schedule = new NDGenMd4Schedule(powers, POWERS.epsilon());
    NDArray wide = logits().toType(DataType.FLOAT64, false);
    return new NDBound.GenMd4(schedule, TimeFloor.EXACT)
        .perExample(wide, ids(X), ids(ZT), manager.create(TIMES));
  }

  @Test
  @Tag("exact")
  void perExample_leavesOnlyItsResultBehind() {
    for (Objective objective : objectives()) {
      NDBound bound = bound(objective);
      try (NDManager scope = manager.newSubManager()) {
        NDArray logits = scope.zeros(new Shape(BATCH, LENGTH, M));
        NDArray x = scope.create(X);
        NDArray zt = scope.create(ZT);
        NDArray t = scope.create(TIMES);
        NDArray x64 = x.toType(DataType.INT64, false);
        NDArray zt64 = zt.toType(DataType.INT64, false);
        NDArray result = bound.perExample(logits, x64, zt64, t);
        assertThat(scope.getManagedArrays())
            .containsExactlyInAnyOrder(logits, x, zt, t, x64, zt64, result);
      }
    }
  }

  @Test
  @Tag("exact")
  void perExample_rejectsOtherShapes() {
    NDBound bound = bound(objectives().get(0));
    NDArray t = manager.create(TIMES);
    assertThatThrownBy(() -> bound.perExample(logits().get(0), ids(X), ids(ZT), t))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("logits must have the shape (B, N, V): (5, 7)");
    assertThatThrownBy(() -> bound.perExample(logits(), ids(X).get(":2"), ids(ZT), t))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("x must have the shape (3, 5): (2, 5)");
    assertThatThrownBy(() -> new NDBound.Md4(null, new TimeAxis.Continuous()))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("schedule");
    assertThatThrownBy(() -> new NDBound.GenMd4(null, TimeFloor.EXACT))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("schedule");
  }
}
