// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.ChiSquare;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ReverseProcessTest {
  private static final TinyLaw LAW = TinyLaw.random(3, 3);
  private static final int LENGTH = 3;
  private static final int STATES = 64;
  private static final int RUNS = 50_021;
  private static final Noise NOISE = new Noise(67);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** A way through time: few steps, so that several positions are often revealed at once. */
  private record Walk(Curve curve, SamplingGrid grid, int steps) {
    double time(int step) {
      return grid.time(step, steps);
    }
  }

  static List<Walk> walks() {
    return List.of(
        new Walk(new Curve.Linear(), new SamplingGrid.Cosine(), 3),
        new Walk(new Curve.Cosine(), new SamplingGrid.Uniform(), 2),
        new Walk(new Curve.Linear(), new SamplingGrid.Uniform(), 1));
  }

  /** States after each walk, masks included, against their law. */
  @ParameterizedTest
  @MethodSource("walks")
  @Tag("statistical")
  void runs_followTheEnumeratedLaw(Walk walk) {
    ReverseProcess process = process(walk.curve);
    int[][] z = new int[RUNS][LENGTH];
    for (int[] run : z) {
      Arrays.fill(run, LAW.space().maskToken());
    }
    for (int step = 0; step < walk.steps; step++) {
      reveal(process, z, walk, step);
    }
    long[] counts = new long[STATES];
    for (int[] run : z) {
      counts[state(run)]++;
    }
    // The false-alarm rate is ChiSquare.FALSE_ALARM for each walk.
    ChiSquare test = new ChiSquare(counts, law(process.schedule(), walk));
    assertThat(test.statistic()).isLessThan(test.bound());
    // The test has power: the data's own law, which needs many steps, is another.
    ChiSquare other = new ChiSquare(counts, dataLaw());
    assertThat(other.statistic()).isGreaterThan(other.bound());
  }

  private void reveal(ReverseProcess process, int[][] z, Walk walk, int step) {
    double t = walk.time(step);
    ReverseProcess.Step taken = process.step(walk.time(step + 1), t);
    long[] rows = new long[RUNS * LENGTH];
    double[] u = new double[RUNS * LENGTH];
    int count = 0;
    for (int b = 0; b < RUNS; b++) {
      double[] ofRun = NOISE.uniforms(Purpose.SAMPLE, step, b, LENGTH);
      for (int n = 0; n < LENGTH; n++) {
        if (LAW.space().isMask(z[b][n]) && taken.isRevealed(ofRun[n])) {
          rows[count] = (long) b * LENGTH + n;
          u[count++] = ofRun[n];
        }
      }
    }
    try (NDManager scope = manager.newSubManager()) {
      long[] flat = Arrays.stream(z).flatMapToInt(Arrays::stream).asLongStream().toArray();
      NDArray zt = scope.create(flat, new Shape(RUNS, LENGTH));
      NDArray chosen = scope.create(Arrays.copyOf(rows, count));
      NDArray logits = LAW.logits(zt, Condition.at(t, RUNS), chosen);
      int[] tokens = process.reveal(logits, taken, Arrays.copyOf(u, count));
      for (int r = 0; r < count; r++) {
        z[(int) rows[r] / LENGTH][(int) rows[r] % LENGTH] = tokens[r];
      }
    }
  }

  /** The law of the state after the walk, by summing over all that can happen at each step. */
  private static double[] law(MaskingSchedule schedule, Walk walk) {
    double[] law = new double[STATES];
    law[STATES - 1] = 1;
    for (int step = 0; step < walk.steps; step++) {
      double alphaT = schedule.alpha(walk.time(step));
      double alphaS = schedule.alpha(walk.time(step + 1));
      double revealed = (alphaS - alphaT) / (1 - alphaT);
      double[] next = new double[STATES];
      for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
          next[to] += law[from] * transition(tokens(from), tokens(to), revealed);
        }
      }
      law = next;
    }
    return law;
  }

  private static double transition(int[] zt, int[] zs, double revealed) {
    double probability = 1;
    for (int n = 0; n < LENGTH; n++) {
      if (!LAW.space().isMask(zt[n])) {
        probability *= zs[n] == zt[n] ? 1 : 0;
      } else if (LAW.space().isMask(zs[n])) {
        probability *= 1 - revealed;
      } else {
        probability *= revealed * LAW.mu(zt, n)[zs[n]];
      }
    }
    return probability;
  }

  private static double[] dataLaw() {
    double[] law = new double[STATES];
    int[][] sequences = LAW.sequences();
    for (int i = 0; i < sequences.length; i++) {
      law[state(sequences[i])] = LAW.probabilities()[i];
    }
    return law;
  }

  private static int state(int[] z) {
    return (z[0] * 4 + z[1]) * 4 + z[2];
  }

  private static int[] tokens(int state) {
    return new int[] {state / 16, state / 4 % 4, state % 4};
  }

  /** One uniform and V + 1 outcomes: tokens in order, each {@code p mu}, then the mask. */
  @Test
  @Tag("naive")
  void oneUniform_drawsFromTokensAndMask() {
    ReverseProcess process = process(new Curve.Linear());
    double[] u = NOISE.uniforms(Purpose.SAMPLE, 9, 0, 1009);
    double[] mu = LAW.mu(new int[] {3, 1, 3}, 0);
    double p = process.schedule().unmaskProbability(0.35, 0.8);
    for (double uniform : u) {
      int expected = 0;
      double cdf = 0;
      while (expected < 3 && uniform >= cdf + p * mu[expected]) {
        cdf += p * mu[expected++];
      }
      assertThat(outcome(process, mu, uniform)).isEqualTo(expected);
    }
  }

  private int outcome(ReverseProcess process, double[] mu, double u) {
    ReverseProcess.Step step = process.step(0.35, 0.8);
    if (!step.isRevealed(u)) {
      return process.space().maskToken();
    }
    try (NDManager scope = manager.newSubManager()) {
      double[] logits = Arrays.stream(mu).map(Math::log).toArray();
      NDArray row = scope.create(logits, new Shape(1, 3));
      return process.reveal(row, step, new double[] {u})[0];
    }
  }

  /** The largest uniform that reveals still takes a token, and the one above reveals nothing. */
  @Test
  @Tag("exact")
  void oneUniform_atTheEdgeOfRevealing() {
    ReverseProcess process = process(new Curve.Linear());
    double[] mu = {0.5, 0.25, 0.25};
    double p = process.schedule().unmaskProbability(0.35, 0.8);
    assertThat(outcome(process, mu, 0)).isZero();
    assertThat(outcome(process, mu, Math.nextDown(p))).isEqualTo(2);
    assertThat(outcome(process, mu, p)).isEqualTo(3);
  }

  @Test
  @Tag("exact")
  void fill_takesTheMostLikely() {
    NDArray logits = manager.create(new float[] {1, 3, 2, 0, -1, -2}, new Shape(2, 3));
    assertThat(process(new Curve.Linear()).fill(logits)).containsExactly(1, 0);
  }

  @Test
  @Tag("exact")
  void reveal_leavesNothingBehind() {
    NDArray logits = manager.create(new float[] {1, 3, 2, 0, -1, -2}, new Shape(2, 3));
    int before = manager.getManagedArrays().size();
    ReverseProcess process = process(new Curve.Linear());
    assertThat(process.reveal(logits, process.step(0, 1), new double[] {0.1, 0.2})).hasSize(2);
    assertThat(process.fill(logits)).hasSize(2);
    assertThat(manager.getManagedArrays().size()).isEqualTo(before);
  }

  private ReverseProcess process(Curve curve) {
    return new ReverseProcess(LAW.space(), new MaskingSchedule(curve), kernels);
  }
}
