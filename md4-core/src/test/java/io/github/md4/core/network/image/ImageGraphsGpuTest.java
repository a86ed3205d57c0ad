// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.token.ImageShape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Image networks as graphs, against the same launches one by one. */
@Tag("gpu")
final class ImageGraphsGpuTest {
  private static final int VOCABULARY = 11;
  private static final int[] BATCHES = {2, 5, 1, 2, 7, 5, 1, 2};

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: graphs are not tested");
  }

  static Stream<Arguments> cases() {
    return Stream.concat(FusedUNetGpuTest.networks().stream(), ImageNetworks.ALL.stream())
        .flatMap(
            config ->
                Stream.of(
                    Arguments.of(config, Precision.FLOAT32, MemoryFormat.CHANNELS_FIRST),
                    Arguments.of(config, Precision.BFLOAT16, MemoryFormat.CHANNELS_LAST)));
  }

  /** Numbers of images come and go, inputs change, and the engine's memory is given back. */
  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfTheSameLaunches(
      ImageConfig config, Precision precision, MemoryFormat format) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        PixelNetwork network =
            (PixelNetwork) config.network(manager, VOCABULARY, precision, format);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser launches = frozen(manager, network, parameters, Integer.MAX_VALUE);
        FrozenDenoiser graphs = frozen(manager, network, parameters, 0)) {
      for (int call = 0; call < BATCHES.length; call++) {
        Inputs inputs = inputs(config, BATCHES[call], call);
        float[] expected = logits(manager, launches, inputs, 1 + call % 3);
        overwriteFreeMemory(manager);
        float[] found = logits(manager, graphs, inputs, 1 + call % 3);
        assertThat(found).as("call %d", call).isEqualTo(expected);
      }
    }
  }

  /** Graphs share their memory, and the threads the graphs. */
  @Test
  void logits_areTheSameFromSeveralThreads() {
    ImageConfig config = ImageNetworks.UNET_TIME;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        PixelNetwork network =
            (PixelNetwork) config.network(manager, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser launches = frozen(manager, network, parameters, Integer.MAX_VALUE);
        FrozenDenoiser graphs = frozen(manager, network, parameters, 0)) {
      List<float[]> expected =
          IntStream.range(0, 16)
              .mapToObj(i -> logits(manager, launches, inputs(config, 1 + i % 3, i), 1))
              .toList();
      List<float[]> found =
          IntStream.range(0, 16)
              .parallel()
              .mapToObj(i -> logits(manager, graphs, inputs(config, 1 + i % 3, i), 1))
              .toList();
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i)).as("thread %d", i).isEqualTo(expected.get(i));
      }
    }
  }

  /**
   * Denoisers of one network share its kernels: graphs of one run between the launches of another.
   * The maps are too wide, and the images too many, for a norm that is one launch.
   */
  @Test
  void logits_areTheSameOfSeveralDenoisersAtOnce() {
    ImageConfig config =
        new UNetConfig(new ImageShape(8, 12, 3), 192, 1, ConditionConfig.defaults(), 0);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        PixelNetwork network =
            (PixelNetwork)
                config.network(
                    manager, VOCABULARY, Precision.BFLOAT16, MemoryFormat.CHANNELS_LAST);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser launches = frozen(manager, network, parameters, Integer.MAX_VALUE);
        FrozenDenoiser graphs = frozen(manager, network, parameters, 0)) {
      List<Inputs> inputs =
          IntStream.range(0, 6).mapToObj(i -> inputs(config, 17 + i % 3, i)).toList();
      List<float[]> expected = inputs.stream().map(x -> logits(manager, launches, x, 1)).toList();
      // Recorded from now on.
      assertThat(inputs.stream().map(x -> logits(manager, graphs, x, 1)).toList())
          .usingRecursiveComparison()
          .isEqualTo(expected);
      List<float[]> found =
          IntStream.range(0, 240)
              .parallel()
              .mapToObj(
                  i -> logits(manager, i % 2 == 0 ? graphs : launches, inputs.get(i / 2 % 6), 1))
              .toList();
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i)).as("call %d", i).isEqualTo(expected.get(i / 2 % 6));
      }
    }
  }

  private static FrozenDenoiser frozen(
      NDManager manager, PixelNetwork network, Parameters parameters, int callsBefore) {
    ImageWeights weights =
        ImageWeights.of(manager, parameters, network.ofProducts(), network.precision());
    return network.frozen(manager, weights, callsBefore);
  }

  /** Gives memory that nobody uses back to the driver, and takes and fills as much again. */
  private static void overwriteFreeMemory(NDManager manager) {
    GpuMemory.release(manager.getDevice());
    try (NDManager scope = manager.newSubManager()) {
      for (int i = 0; i < 64; i++) {
        NDArray unused = scope.full(new Shape(1 << (8 + i % 16)), Float.NaN);
      }
    }
  }

  private static Inputs inputs(ImageConfig config, int images, int call) {
    Inputs start = Inputs.random(config, images, config.image().size(), VOCABULARY);
    int[][] zt =
        Arrays.stream(start.zt())
            .map(row -> Arrays.stream(row).map(z -> (z + 5 * call) % VOCABULARY).toArray())
            .toArray(int[][]::new);
    double[] times = Arrays.stream(start.times()).map(t -> (t + 0.07 * call) % 1).toArray();
    return new Inputs(zt, times, start.labels());
  }

  private static float[] logits(
      NDManager manager, Denoiser denoiser, Inputs inputs, int everyNthRow) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = inputs.zt(scope);
      long[] rows = LongStream.range(0, zt.size()).filter(row -> row % everyNthRow == 0).toArray();
      return denoiser.logits(zt, inputs.condition(), scope.create(rows)).toFloatArray();
    }
  }
}
