// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.network.llama.LlamaConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of published models as graphs, against the same passes by one launch after another. */
@Tag("gpu")
final class PublishedGraphsGpuTest {
  private static final int VOCABULARY = 131;
  private static final int SEED = 31;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: graphs are not tested");
  }

  static Stream<Arguments> cases() {
    return Stream.of(
            new DditConfig(128, 2, 2, 32, TimeFeatures.T, 0),
            new DditConfig(128, 2, 2, 32, TimeFeatures.NONE, 0),
            new DditConfig(128, 2, 2, 0, TimeFeatures.NONE, 0),
            new DditConfig(128, 2, 2, 32, TimeFeatures.NONE, 4),
            new LlamaConfig(
                240, 4, 2, 64, 2, 168, 1e4, 1e-5, true, true, false, true, VOCABULARY - 1))
        .flatMap(config -> Stream.of(Precision.values()).map(each -> Arguments.of(config, each)));
  }

  /** Lengths come and go, rows and times change, and memory that nobody uses is given back. */
  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfTheSameLaunches(NetworkConfig config, Precision precision)
      throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = config.network(manager, VOCABULARY, precision);
        FrozenDenoiser frozen =
            network
                .loaded(manager, RandomParameters.source(network, SEED), Precision.FLOAT32)
                .orElseThrow()) {
      assertThat(frozen.description()).endsWith(", as graphs");
      check(manager, frozen, precision);
      check(manager, frozen.withMaskColumn(), precision);
    }
  }

  /** The first calls of a shape are not recorded. */
  private static void check(NDManager manager, Denoiser denoiser, Precision precision) {
    Map<Integer, float[]> launched = new HashMap<>();
    for (int call = 0; call < GraphCalls.CALLS_BEFORE; call++) {
      launched.put(call, logits(manager, denoiser, call));
    }
    for (int round = 0; round < 3; round++) {
      for (int call = 0; call < GraphCalls.CALLS_BEFORE; call++) {
        overwriteFreeMemory(manager);
        float[] found = logits(manager, denoiser, call);
        float[] expected = launched.get(call);
        assertThat(found).hasSameSizeAs(expected);
        // Products of more rows may be rounded elsewhere.
        assertThat(distance(found, expected))
            .as("call %d", call)
            .isLessThan(precision == Precision.FLOAT32 ? 1e-5 : 8 * 0x1p-9);
      }
    }
  }

  private static void overwriteFreeMemory(NDManager manager) {
    GpuMemory.release(manager.getDevice());
    try (NDManager scope = manager.newSubManager()) {
      for (int i = 0; i < 16; i++) {
        NDArray unused = scope.full(new Shape(1 << (8 + i)), Float.NaN);
      }
    }
  }

  /** Returns the length of the difference over that of the expected, but for the mask's column. */
  private static double distance(float[] ours, float[] expected) {
    double difference = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] > -1e4) {
        difference += Math.pow(ours[i] - expected[i], 2);
        whole += Math.pow(expected[i], 2);
      }
    }
    return Math.sqrt(difference / whole);
  }

  private static float[] logits(NDManager manager, Denoiser denoiser, int call) {
    int examples = 3;
    int length = call % 2 == 0 ? 36 : 64;
    long positions = (long) examples * length;
    long[] ids =
        LongStream.range(0, positions).map(i -> (i + call) * 7919 % (VOCABULARY + 1)).toArray();
    long[] rows = LongStream.range(0, positions).filter(i -> i % 7 >= call % 7).toArray();
    double[] times = new double[examples];
    Arrays.setAll(times, b -> (0.1 + 0.3 * b + 0.07 * call) % 1);
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = scope.create(ids, new Shape(examples, length));
      Condition condition = new Condition(times, new int[0]);
      return denoiser.logits(zt, condition, scope.create(rows)).toFloatArray();
    }
  }
}
