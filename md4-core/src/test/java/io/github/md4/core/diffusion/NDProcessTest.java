// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.Schedules;
import io.github.md4.core.schedule.StepTimes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Masking and unmasking over arrays, held against the host's. */
final class NDProcessTest {
  private static final int BATCH = 3;
  private static final int LENGTH = 1009;
  private static final int V = 7;
  private static final TokenSpace SPACE = new TokenSpace(V);
  private static final double[] TIMES = {0.13, 0.5, 1};
  private static final double[] EARLIER = {0, 0.37, 0.9};

  /** How far from its threshold a uniform is that float32 may take for another side. */
  private static final double FLOAT = 1e-6;

  private static final Noise NOISE = new Noise(31);
  private static final int[][] X = tokens();
  private static final double[][] U = uniforms(Purpose.MASK);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<Schedule> schedules() {
    List<Schedule> all = new ArrayList<>(Schedules.SCHEDULES);
    all.add(new GenMd4Schedule(new double[] {0.3, 1, 1.7, 3, 0.9, 1.1, 2}, 1e-4));
    return all;
  }

  private static double[][] uniforms(Purpose purpose) {
    double[][] u = new double[BATCH][];
    Arrays.setAll(u, b -> NOISE.uniforms(purpose, 0, b, LENGTH));
    return u;
  }

  private static int[][] tokens() {
    double[][] u = uniforms(Purpose.SOURCE);
    int[][] x = new int[BATCH][];
    Arrays.setAll(x, b -> Arrays.stream(u[b]).mapToInt(each -> (int) (V * each)).toArray());
    return x;
  }

  private NDArray ids(int[][] x) {
    return manager.create(x).toType(DataType.INT64, false);
  }

  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("exact")
  void mask_isTheHosts(Schedule schedule) {
    ForwardProcess process = new ForwardProcess(SPACE, schedule);
    NDArray t = manager.create(TIMES);
    NDArray wide = process.mask(ids(X), t, manager.create(U));
    NDArray narrow = process.mask(ids(X), narrow(t), narrow(manager.create(U)));
    assertThat(wide.getDataType()).isEqualTo(DataType.INT64);
    assertThat(wide.getShape()).isEqualTo(new Shape(BATCH, LENGTH));
    assertThat(wide.get(1).toLongArray()).contains(0, V);
    for (int b = 0; b < BATCH; b++) {
      int[] host = process.mask(X[b], TIMES[b], U[b]);
      assertThat(wide.get(b).toLongArray()).isEqualTo(Arrays.stream(host).asLongStream().toArray());
      long[] ours = narrow.get(b).toLongArray();
      for (int n = 0; n < LENGTH; n++) {
        double threshold = 1 - schedule.oneMinusAlpha(TIMES[b], X[b][n]);
        assertThat(ours[n] == host[n] || Math.abs(U[b][n] - threshold) < FLOAT).isTrue();
      }
    }
  }

  private static NDArray narrow(NDArray array) {
    return array.toType(DataType.FLOAT32, true);
  }

  /** The law in a plain loop, in which one uniform decides, too. */
  @ParameterizedTest
  @MethodSource("schedules")
  @Tag("naive")
  void step_isThePlainLoop(Schedule schedule) {
    int[][] zt = new int[BATCH][];
    Arrays.setAll(zt, b -> new ForwardProcess(SPACE, schedule).mask(X[b], TIMES[b], U[b]));
    double[][] u = uniforms(Purpose.SAMPLE);
    FixedDenoiser denoiser = FixedDenoiser.random(BATCH * LENGTH, V);
    NDArray logits = manager.create(denoiser.logits(), new Shape(BATCH, LENGTH, V));
    NDArray s = manager.create(EARLIER);
    NDArray t = manager.create(TIMES);
    NDArray wide = step(schedule, ids(zt), s, t, logits, manager.create(u));
    NDArray narrow =
        step(schedule, ids(zt), narrow(s), narrow(t), logits, narrow(manager.create(u)));
    int revealed = 0;
    for (int b = 0; b < BATCH; b++) {
      long[] ofWide = wide.get(b).toLongArray();
      long[] ofNarrow = narrow.get(b).toLongArray();
      for (int n = 0; n < LENGTH; n++) {
        double[] cdf = zt[b][n] == V ? cdf(schedule, b, denoiser, b * LENGTH + n) : null;
        int expected = cdf == null ? zt[b][n] : drawn(cdf, u[b][n]);
        assertThat(ofWide[n]).isEqualTo(expected);
        double own = u[b][n];
        boolean isClose =
            cdf != null && Arrays.stream(cdf).anyMatch(each -> Math.abs(each - own) < FLOAT);
        assertThat(ofNarrow[n] == expected || isClose).isTrue();
        revealed += zt[b][n] == V && expected != V ? 1 : 0;
      }
    }
    assertThat(revealed).isGreaterThan(10);
  }

  private static NDArray step(
      Schedule schedule, NDArray zt, NDArray s, NDArray t, NDArray logits, NDArray u) {
    return schedule.match(
        shared -> new ReverseProcess(shared).step(zt, s, t, logits, u),
        perToken -> new GenMd4Reverse.Continuous(perToken).step(zt, s, t, logits, u));
  }

  private static double[] cdf(Schedule schedule, int b, FixedDenoiser denoiser, int row) {
    double[] cdf = new double[V];
    double sum = 0;
    for (int v = 0; v < V; v++) {
      double mu = Math.exp(-denoiser.crossEntropy(row, v));
      sum += mu * schedule.unmaskProbability(EARLIER[b], TIMES[b], v);
      cdf[v] = sum;
    }
    return cdf;
  }

  private static int drawn(double[] cdf, double u) {
    int v = 0;
    while (v < V && cdf[v] <= u) {
      v++;
    }
    return v;
  }

  /** A position is unmasked by just the uniforms by which the host's steps reveal it. */
  @ParameterizedTest
  @MethodSource("sharedSchedules")
  @Tag("exact")
  void step_revealsWhatTheHostReveals(MaskingSchedule schedule) {
    ReverseProcess process = new ReverseProcess(schedule);
    NDArray zt = manager.full(new Shape(1, LENGTH), V, DataType.INT64);
    NDArray logits = manager.zeros(new Shape(1, LENGTH, V));
    NDArray s = manager.create(new double[] {0.37});
    NDArray t = manager.create(new double[] {0.5});
    long[] zs =
        process.step(zt, s, t, logits, manager.create(U[0], new Shape(1, LENGTH))).toLongArray();
    ReverseProcess.RevealSteps steps =
        process.revealSteps(new StepTimes(0, new double[] {0.5, 0.37}));
    for (int n = 0; n < LENGTH; n++) {
      assertThat(zs[n] != V).isEqualTo(steps.of(U[0][n]) == 0);
    }
  }

  static List<MaskingSchedule> sharedSchedules() {
    return Schedules.SCHEDULES;
  }

  @Test
  @Tag("exact")
  void processes_leaveOnlyTheirResultsBehind() {
    for (Schedule schedule : schedules()) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray x = scope.create(X);
        NDArray t = scope.create(TIMES);
        NDArray s = scope.create(EARLIER);
        NDArray u = scope.create(U);
        NDArray logits = scope.zeros(new Shape(BATCH, LENGTH, V));
        NDArray zt = new ForwardProcess(SPACE, schedule).mask(x, t, u);
        NDArray zs = step(schedule, zt, s, t, logits, u);
        assertThat(scope.getManagedArrays()).containsExactlyInAnyOrder(x, t, s, u, logits, zt, zs);
      }
    }
  }

  @Test
  @Tag("exact")
  void mask_rejectsOtherShapes() {
    ForwardProcess process = new ForwardProcess(SPACE, new MaskingSchedule(new Curve.Linear()));
    NDArray x = ids(X);
    NDArray u = manager.create(U);
    assertThatThrownBy(() -> process.mask(x, manager.create(new double[] {0.5}), u))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("t must have the shape (3): (1)");
    assertThatThrownBy(() -> process.mask(x, manager.create(TIMES), u.get(":, 1:")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("u must have the shape (3, 1009): (3, 1008)");
  }
}
