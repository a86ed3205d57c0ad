// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Image networks that are differentiated, and what they drop. */
final class ImageTrainingTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 3;
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(41), 3, 0);
  private static final DropoutNoise OTHER_NOISE = new DropoutNoise(new Noise(41), 4, 0);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<ImageConfig> networks() {
    return ImageNetworks.ALL;
  }

  /** Without labels that are dropped; both modes run the same functions. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void withoutDropout_trainingLogitsAreTheDenoisers(ImageConfig config) {
    Inputs inputs = inputs(config);
    if (config.nullLabel().isPresent()) {
      inputs = new Inputs(inputs.zt(), inputs.times(), allNone(config));
    }
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThat(inputs.trainingLogits(manager, network, parameters, NOISE))
          .isEqualTo(inputs.logits(manager, network, parameters));
    }
  }

  private static int[] allNone(ImageConfig config) {
    int[] labels = new int[BATCH];
    Arrays.fill(labels, config.nullLabel().orElseThrow());
    return labels;
  }

  /**
   * The slope of the loss along a random direction, by central differences. The loss is of order 1
   * in float32, good to 1e-7, over a distance of 2e-2 in every parameter's own scale.
   */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void gradients_areSlopes(ImageConfig config) {
    double step = 1e-2;
    Inputs inputs = inputs(config);
    for (MemoryFormat memoryFormat : MemoryFormat.values()) {
      try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32, memoryFormat)) {
        Map<String, float[]> at = RandomParameters.values(network.specs(), 31);
        Map<String, float[]> along = RandomParameters.values(network.specs(), 53);
        double slope = 0;
        try (Parameters parameters = parameters(network, at, along, 0);
            TrainableNetwork trainable =
                network.trainable(manager, parameters, Training.TORCHSCRIPT)) {
          List<float[]> gradients = new Training(trainable, parameters, inputs).gradients(manager);
          for (int i = 0; i < gradients.size(); i++) {
            slope += inner(gradients.get(i), along.get(network.specs().get(i).name()));
          }
        }
        double behind = loss(network, inputs, parameters(network, at, along, step));
        double before = loss(network, inputs, parameters(network, at, along, -step));
        double expected = (behind - before) / (2 * step);
        assertThat(Math.abs(expected)).isGreaterThan(0.02);
        assertThat(slope).isCloseTo(expected, within(0.02 * Math.abs(expected) + 2e-4));
      }
    }
  }

  private double loss(Network network, Inputs inputs, Parameters moved) {
    try (moved;
        TrainableNetwork trainable = network.trainable(manager, moved, Training.TORCHSCRIPT)) {
      return new Training(trainable, moved, inputs).loss(manager);
    }
  }

  private Parameters parameters(
      Network network, Map<String, float[]> at, Map<String, float[]> along, double step) {
    return Parameters.of(
        manager,
        network.specs(),
        (spec, index) -> {
          float[] values = at.get(spec.name()).clone();
          for (int i = 0; i < values.length; i++) {
            values[i] += (float) (step * along.get(spec.name())[i]);
          }
          return values;
        });
  }

  private static double inner(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void dropout_dependsOnTheNoiseAndNotOnTheEnginesState(ImageConfig without) {
    ImageConfig config = ImageNetworks.withDropout(without, 0.4);
    float[] drawn = drawn(config, 1, NOISE);
    assertThat(Arrays.equals(drawn(config, 2, NOISE), drawn)).isTrue();
    assertThat(Arrays.equals(drawn(config, 1, OTHER_NOISE), drawn)).isFalse();
  }

  /** The denoiser of a network with dropout is that of the same network without. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void denoiser_dropsNothing(ImageConfig config) {
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Network dropping = network(ImageNetworks.withDropout(config, 0.4));
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThat(inputs.logits(manager, dropping, parameters))
          .isEqualTo(inputs.logits(manager, network, parameters));
    }
  }

  /** In training an example is told no class where, and only where, its noise says so. */
  @Test
  @Tag("exact")
  void labels_areDroppedAsTheNoiseSays() {
    ImageConfig config = ImageNetworks.UVIT_TIME_CLASSES;
    Inputs inputs = inputs(config);
    DropoutNoise noise = noiseThatDropsSome(config);
    int[] kept =
        noise.labels(
            inputs.labels(), config.condition().labelDropout(), config.nullLabel().orElseThrow());
    assertThat(kept).isNotEqualTo(inputs.labels()).isNotEqualTo(allNone(config));
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThat(inputs.trainingLogits(manager, network, parameters, noise))
          .isEqualTo(
              new Inputs(inputs.zt(), inputs.times(), kept).logits(manager, network, parameters));
    }
  }

  private static DropoutNoise noiseThatDropsSome(ImageConfig config) {
    double rate = config.condition().labelDropout();
    for (int step = 0; ; step++) {
      double first = new Noise(41).uniform(Purpose.LABEL, step, 0, 0);
      double second = new Noise(41).uniform(Purpose.LABEL, step, 1, 0);
      if (first < rate && second >= rate) {
        return new DropoutNoise(new Noise(41), step, 0);
      }
    }
  }

  /** Five standard errors: a false alarm has probability below 6e-7. */
  @Test
  @Tag("statistical")
  void labels_areDroppedAtTheirRate() {
    int[] labels = new int[100_003];
    Arrays.fill(labels, 3);
    double rate = 0.15;
    long dropped = Arrays.stream(NOISE.labels(labels, rate, 10)).filter(l -> l == 10).count();
    assertThat((double) dropped / labels.length)
        .isCloseTo(rate, within(5 * Math.sqrt(rate * (1 - rate) / labels.length)));
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void logits_leaveOneArrayBehind(ImageConfig config) {
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        NDManager scope = manager.newSubManager()) {
      assertThat(inputs.logits(manager, network, parameters)).isNotEmpty();
      NDArray zt = inputs.zt(scope);
      NDArray rows = inputs.allRows(scope);
      int inScope = scope.getManagedArrays().size();
      int inAll = manager.getManagedArrays().size();
      NDArray guessed = network.denoiser(parameters).logits(zt, inputs.condition(), rows);
      assertThat(guessed.getManager()).isSameAs(scope);
      assertThat(scope.getManagedArrays().size()).isEqualTo(inScope + 1);
      assertThat(manager.getManagedArrays().size()).isEqualTo(inAll + 1);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void trainingPasses_leaveNothingBehind(ImageConfig without) {
    ImageConfig config = ImageNetworks.withDropout(without, 0.4);
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork trainable = network.trainable(manager, parameters, Training.TORCHSCRIPT)) {
      new Training(trainable, parameters, inputs).checkLeavesNothingBehind(manager);
    }
  }

  @Test
  @Tag("exact")
  void trainable_byFusedKernelsIsRefused() {
    TrainingOptions fused =
        new TrainingOptions(
            TrainingOptions.Kernels.FUSED, Precision.FLOAT32, TrainingOptions.Recompute.NONE);
    try (Network network = network(ImageNetworks.UNET_TIME);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThatThrownBy(() -> network.trainable(manager, parameters, fused))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("training.kernels: fused");
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void trainable_thatComputesAgainIsRefused(ImageConfig config) {
    TrainingOptions layer = Training.torchScript(TrainingOptions.Recompute.LAYER);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThatThrownBy(() -> network.trainable(manager, parameters, layer))
          .isInstanceOf(InvalidConfigException.class)
          .hasMessage("training.recompute: layer is for transformers over text; take none");
    }
  }

  private float[] drawn(ImageConfig config, int engineSeed, DropoutNoise noise) {
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      Engine.getInstance().setRandomSeed(engineSeed);
      return inputs.trainingLogits(manager, network, parameters, noise);
    }
  }

  private static Inputs inputs(ImageConfig config) {
    return Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
  }

  private Network network(ImageConfig config) {
    return config.network(manager, VOCABULARY, Precision.FLOAT32);
  }
}
