// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.internal.transformer.TransformerKernels.Dropout;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
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
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: graphs are not tested");
  }

  static List<Case> cases() {
    return FrozenTransformerGpuTest.cases();
  }

  /** Shapes come and go, inputs change, and memory of earlier shapes grows. */
  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfTheSameLaunches(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FusedForward launches = new FusedForward(manager, kernels(manager, each), weights);
        FrozenForward graphs =
            new GraphForward(
                manager,
                new FusedForward(manager, kernels(manager, each), weights),
                RecordingStream.find(new CudaDevice(0)).orElseThrow(),
                0)) {
      for (int call = 0; call < LENGTHS.length * EVERY.length; call++) {
        Inputs inputs = inputs(each, LENGTHS[call % LENGTHS.length], call);
        int every = EVERY[call / LENGTHS.length];
        float[] expected = logits(manager, launches, inputs, every);
        float[] ours = logits(manager, graphs, inputs, every);
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

  static FusedKernels kernels(NDManager manager, Case each) {
    TransformerConfig config = each.config();
    TransformerKernels.Options network =
        new TransformerKernels.Options(
            Precision.BFLOAT16,
            config.activation(),
            config.heads(),
            config.keyValueHeads(),
            config.headWidth(),
            config.causal(),
            1e-5);
    return FusedKernels.findFrozen(
            manager, new FusedKernels.Options(network, Dropout.NONE, Precision.FLOAT32))
        .orElseThrow();
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
