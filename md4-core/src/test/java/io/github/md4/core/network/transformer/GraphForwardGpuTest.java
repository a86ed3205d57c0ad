// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded forward passes against the same launches one by one. */
@Tag("gpu")
final class GraphForwardGpuTest {
  private static final int BATCH = 3;
  private static final int[] LENGTHS = {37, 150, 37, 64, 150, 37};
  private static final int[] EVERY = {1, 3, 50, 7};

  @BeforeEach
  void needsAHopperGpu() {
    FrozenOnGpu.needHopper("graphs are");
  }

  /** A graph of launches does not depend on what they compute. */
  static List<Case> cases() {
    return FrozenTransformerGpuTest.some();
  }

  /** Shapes come and go, inputs change, and memory of earlier shapes grows. */
  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfTheSameLaunches(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 31)) {
      FusedForward launches = frozen.launches();
      FrozenForward graphs = frozen.graphs();
      for (int call = 0; call < LENGTHS.length * EVERY.length; call++) {
        Inputs inputs = inputs(each, LENGTHS[call % LENGTHS.length], call);
        int every = EVERY[call / LENGTHS.length];
        float[] expected = logits(frozen.manager, launches, inputs, every);
        float[] ours = logits(frozen.manager, graphs, inputs, every);
        // Products of more rows may be rounded elsewhere.
        assertThat(FrozenTransformerGpuTest.distance(ours, expected)).isLessThan(8 * 0x1p-9);
      }
    }
  }

  private static Inputs inputs(Case each, int length, int call) {
    Inputs start = Inputs.random(each.config(), BATCH, length, each.vocabularySize());
    int[][] zt =
        Arrays.stream(start.zt())
            .map(row -> Arrays.stream(row).map(z -> (z + 5 * call) % each.vocabularySize()))
            .map(row -> row.toArray())
            .toArray(int[][]::new);
    double[] times = Arrays.stream(start.times()).map(t -> (t + 0.07 * call) % 1).toArray();
    return new Inputs(zt, times, start.labels());
  }

  private static float[] logits(
      NDManager manager, FrozenForward way, Inputs inputs, int everyNthRow) {
    try (NDManager scope = manager.newSubManager()) {
      int positions = inputs.zt().length * inputs.zt()[0].length;
      NDArray rows =
          scope.create(
              LongStream.range(0, positions).filter(row -> row % everyNthRow == 0).toArray());
      return way.logits(inputs.zt(scope), inputs.condition(), rows).toFloatArray();
    }
  }
}
