// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.transformer.Inputs;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Image networks with weights that never change, against those that read their parameters. */
final class FrozenImageNetworkTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 3;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static Stream<Arguments> cases() {
    return ImageNetworks.ALL.stream()
        .flatMap(
            config ->
                Stream.of(Precision.values())
                    .flatMap(
                        precision ->
                            Stream.of(MemoryFormat.values())
                                .map(format -> Arguments.of(config, precision, format))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("exact")
  void logits_areThoseOfTheParametersToTheBit(
      ImageConfig config, Precision precision, MemoryFormat format) {
    try (Network network = config.network(manager, VOCABULARY, precision, format);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      float[] expected = logits(config, network.denoiser(parameters));
      assertThat(expected).doesNotContain(0);
      assertThat(logits(config, frozen)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("exact")
  void logitsOfWeightsThatAreRead_areThose(
      ImageConfig config, Precision precision, MemoryFormat format) throws IOException {
    try (Network network = config.network(manager, VOCABULARY, precision, format);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      Optional<FrozenDenoiser> read =
          network.loaded(manager, RandomParameters.source(network, 31), Precision.FLOAT32);
      assertThat(read.isPresent()).isEqualTo(precision == Precision.BFLOAT16);
      if (read.isPresent()) {
        try (FrozenDenoiser frozen = read.get()) {
          assertThat(logits(config, frozen))
              .isEqualTo(logits(config, network.denoiser(parameters)));
        }
      }
    }
  }

  static Stream<ImageConfig> published() {
    return Stream.of(UNetConfig.defaults(), UVitConfig.defaults());
  }

  /** Norms, products of the condition and biases of convolutions are the rest. */
  @ParameterizedTest
  @MethodSource("published")
  @Tag("exact")
  void weightsOfProducts_areNineInTen(ImageConfig config) {
    try (PixelNetwork network =
        (PixelNetwork) config.network(manager, VOCABULARY, Precision.BFLOAT16)) {
      double all = size(network.specs());
      assertThat(size(network.ofProducts()) / all).isBetween(0.9, 0.999);
      assertThat(network.specs()).containsAll(network.ofProducts());
    }
  }

  private static double size(List<ParameterSpec> specs) {
    return specs.stream().mapToLong(spec -> spec.shape().size()).sum();
  }

  @Test
  @Tag("exact")
  void wrongShapes_areRefused() {
    ImageConfig config = ImageNetworks.UNET_TIME;
    try (Network network = config.network(manager, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
      NDArray zt = inputs.zt(manager);
      NDArray rows = inputs.allRows(manager);
      Condition ofOne = new Condition(new double[] {0.5}, new int[0]);
      assertThatIllegalArgumentException().isThrownBy(() -> frozen.logits(zt, ofOne, rows));
    }
  }

  static Stream<Arguments> networks() {
    return ImageNetworks.ALL.stream()
        .flatMap(
            config -> Stream.of(MemoryFormat.values()).map(format -> Arguments.of(config, format)));
  }

  /** In float32, of what the host writes for a step; a network that is told nothing takes zeros. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void logitsOfSteps_areThoseOfCallsToTheBit(ImageConfig config, MemoryFormat format) {
    try (PixelNetwork network =
            (PixelNetwork) config.network(manager, VOCABULARY, Precision.FLOAT32, format);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        NDManager scope = manager.newSubManager()) {
      Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
      int count = network.hostFeatures();
      float[] written = network.hostFeatures(inputs.condition());
      assertThat(written).hasSize(BATCH * count);
      Shape shape = new Shape(BATCH, Math.max(1, count));
      NDArray features = count == 0 ? scope.zeros(shape) : scope.create(written, shape);
      NDArray zt = inputs.zt(scope);
      NDArray rows = scope.create(everySecond(zt));
      ImageWeights weights =
          ImageWeights.of(manager, parameters, network.ofProducts(), Precision.FLOAT32);
      NDList told = network.inputs(scope, features);
      assertThat(network.product(scope, weights, zt, told, rows).array.toFloatArray())
          .isEqualTo(logits(config, network.denoiser(parameters)));
    }
  }

  /** A step must not take a missing label for the class 0. */
  @Test
  @Tag("exact")
  void missingLabels_areRefusedByStepsToo() {
    try (PixelNetwork network =
        (PixelNetwork)
            ImageNetworks.UVIT_TIME_CLASSES.network(manager, VOCABULARY, Precision.BFLOAT16)) {
      Condition condition = Condition.at(0.5, BATCH);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.hostFeatures(condition))
          .withMessageContaining("a label for each of 3 examples: 0");
    }
  }

  /** Logits at every second position. */
  private float[] logits(ImageConfig config, Denoiser denoiser) {
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = inputs.zt(scope);
      NDArray rows = scope.create(everySecond(zt));
      return denoiser.logits(zt, inputs.condition(), rows).toFloatArray();
    }
  }

  private static long[] everySecond(NDArray zt) {
    return LongStream.range(0, zt.size()).filter(row -> row % 2 == 0).toArray();
  }
}
