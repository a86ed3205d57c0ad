// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingOptions.Kernels;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The convolutional networks with our CUDA kernels in bfloat16, against the automatic
 * differentiation in float32 on the same GPU: as near as that in bfloat16 is, and half again.
 */
@Tag("gpu")
final class FusedUNetGpuTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 5;
  private static final ImageShape IMAGE = new ImageShape(8, 12, 3);

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  static List<ImageConfig> networks() {
    return List.of(
        new UNetConfig(IMAGE, 64, 2, ConditionConfig.defaults(), 0),
        new UNetConfig(IMAGE, 128, 1, new ConditionConfig(TimeFeatures.NONE, 0, 0), 0),
        new UVitConfig(
            IMAGE,
            64,
            List.of(1, 2),
            1,
            new DitShape(64, 2, 2, 2),
            new ConditionConfig(TimeFeatures.T, 3, 0),
            0));
  }

  static Stream<Arguments> cases() {
    return networks().stream()
        .flatMap(
            network ->
                Stream.of(Precision.FLOAT32, Precision.BFLOAT16)
                    .map(stream -> Arguments.of(network, stream)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_areAsNearAsTheRecordedNetworks(ImageConfig config, Precision stream) {
    List<float[]> exact = gradients(config, Precision.FLOAT32, Kernels.TORCHSCRIPT, stream);
    List<float[]> recorded = gradients(config, Precision.BFLOAT16, Kernels.TORCHSCRIPT, stream);
    List<float[]> ours = gradients(config, Precision.BFLOAT16, Kernels.FUSED, stream);
    double all = 0;
    double ofRecorded = 0;
    double ofOurs = 0;
    for (int i = 0; i < exact.size(); i++) {
      all += squares(exact.get(i), new float[exact.get(i).length]);
      ofRecorded += squares(recorded.get(i), exact.get(i));
      ofOurs += squares(ours.get(i), exact.get(i));
      double own = Math.sqrt(squares(exact.get(i), new float[exact.get(i).length]));
      double theirs = Math.sqrt(squares(recorded.get(i), exact.get(i)));
      assertThat(Math.sqrt(squares(ours.get(i), exact.get(i))))
          .as("parameter %d of %s", i, config)
          .isLessThan(1.5 * theirs + 0.02 * own + 1e-6);
    }
    assertThat(Math.sqrt(ofOurs / all)).isLessThan(1.5 * Math.sqrt(ofRecorded / all));
    assertThat(Math.sqrt(ofOurs / all)).isLessThan(0.05);
  }

  /** Without gradients; that in bfloat16 with channels first is libtorch's alone. */
  @ParameterizedTest
  @MethodSource("networks")
  void logits_areAsNearAsTheScripts(ImageConfig config) {
    float[] exact = logits(config, Precision.FLOAT32, MemoryFormat.CHANNELS_LAST);
    float[] script = logits(config, Precision.BFLOAT16, MemoryFormat.CHANNELS_FIRST);
    float[] ours = logits(config, Precision.BFLOAT16, MemoryFormat.CHANNELS_LAST);
    double all = Math.sqrt(squares(exact, new float[exact.length]));
    double ofScript = Math.sqrt(squares(script, exact)) / all;
    double ofOurs = Math.sqrt(squares(ours, exact)) / all;
    assertThat(ofOurs).isPositive().isLessThan(1.5 * ofScript).isLessThan(0.05);
  }

  /** With frozen weights convolutions are our own, on a Hopper GPU. */
  @ParameterizedTest
  @MethodSource("networks")
  void frozenLogits_areAsNearAsTheScripts(ImageConfig config) {
    float[] exact = logits(config, Precision.FLOAT32, MemoryFormat.CHANNELS_LAST);
    float[] script = logits(config, Precision.BFLOAT16, MemoryFormat.CHANNELS_FIRST);
    double all = Math.sqrt(squares(exact, new float[exact.length]));
    double ofScript = Math.sqrt(squares(script, exact)) / all;
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = config.network(manager, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      for (int call = 0; call < 6; call++) { // some before a graph is recorded, some after
        double ofOurs = Math.sqrt(squares(logits(manager, frozen, inputs), exact)) / all;
        assertThat(ofOurs)
            .as("call %d", call)
            .isPositive()
            .isLessThan(1.5 * ofScript)
            .isLessThan(0.05);
      }
    }
  }

  private static float[] logits(NDManager manager, FrozenDenoiser frozen, Inputs inputs) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = inputs.zt(scope);
      NDArray rows = scope.arange(0, (int) zt.size(), 1, DataType.INT64);
      return frozen.logits(zt, inputs.condition(), rows).toFloatArray();
    }
  }

  /** Threads share the kernels' arrays, but not each other's numbers. */
  @Test
  void logits_areTheSameFromSeveralThreads() {
    ImageConfig config = networks().get(0);
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = config.network(manager, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] alone = inputs.logits(manager, network, parameters);
      IntStream.range(0, 16)
          .parallel()
          .mapToObj(i -> inputs.logits(manager, network, parameters))
          .forEach(found -> assertClose(found, alone));
    }
  }

  /** Convolutions may take another algorithm, so the numbers agree as those in bfloat16 do. */
  private static void assertClose(float[] found, float[] expected) {
    double all = squares(expected, new float[expected.length]);
    assertThat(Math.sqrt(squares(found, expected) / all)).isLessThan(0.01);
  }

  private static float[] logits(ImageConfig config, Precision precision, MemoryFormat format) {
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = config.network(manager, VOCABULARY, precision, format);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      return inputs.logits(manager, network, parameters);
    }
  }

  private static List<float[]> gradients(
      ImageConfig config, Precision precision, Kernels kernels, Precision stream) {
    TrainingOptions options = new TrainingOptions(kernels, stream, Recompute.NONE);
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = config.network(manager, VOCABULARY, precision);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork trainable = network.trainable(manager, parameters, options)) {
      return new Training(trainable, parameters, inputs).gradients(manager);
    }
  }

  private static double squares(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
    }
    return sum;
  }
}
