// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.image.FusedUNetKernels;
import io.github.md4.core.internal.image.JoinedProducts;
import io.github.md4.core.internal.image.KnownProducts;
import io.github.md4.core.internal.image.PlainNormActivationKernels;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.ConditionKernels;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The convolutional networks' hand-written backward against the automatic differentiation of the
 * recorded one, in float32, with the norm-activation kernels in plain operations; those of {@code
 * maps.cu} are held against it on a GPU. Both draw their dropout from the engine in the same
 * places, seeded alike.
 */
final class FusedUNetTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 3;

  /**
   * Of the largest element of each gradient: both sides round to float32 (6e-8), along some hundred
   * operations and sums of some hundred terms in another order.
   */
  private static final double GRADIENT = 1e-5;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** What is added in front of a norm is of no effect where a group is one channel: not 32 wide. */
  private static final UNetConfig WIDE =
      new UNetConfig(new ImageShape(4, 6, 2), 64, 2, ConditionConfig.defaults(), 0);

  static List<ImageConfig> networks() {
    return Stream.concat(Stream.of(WIDE), ImageNetworks.ALL.stream())
        .filter(config -> config.widestMap() > 0 && config != ImageNetworks.UNET_TIME)
        .flatMap(network -> Stream.of(network, ImageNetworks.withDropout(network, 0.3)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void gradients_areThoseOfTheRecordedNetwork(ImageConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork recorded = network.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainableNetwork fused = fused(config, network, parameters)) {
      Training expected = new Training(recorded, parameters, inputs);
      Training ours = new Training(fused, parameters, inputs);
      double loss = expected.loss(manager);
      assertThat(ours.loss(manager)).isCloseTo(loss, within(2e-6 * loss));
      List<float[]> theirGradients = expected.gradients(manager);
      List<float[]> ourGradients = ours.gradients(manager);
      for (int i = 0; i < theirGradients.size(); i++) {
        String name = network.specs().get(i).name();
        double scale =
            largest(theirGradients.get(name.matches(".*(conv[12]|shortcut)\\.bias") ? i - 1 : i));
        assertClose(name, ourGradients.get(i), theirGradients.get(i), scale);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void trainingPasses_leaveNothingBehind(ImageConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork fused = fused(config, network, parameters)) {
      new Training(fused, parameters, inputs).checkLeavesNothingBehind(manager);
    }
  }

  /** Without dropout, in float32: both round along some hundred operations. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void logitsOfInference_areThoseOfTheScript(ImageConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
    UNetKernels.Options options = options(config);
    KernelMode mode =
        new KernelMode.Inference(
            manager, options, () -> PlainNormActivationKernels.forInference(manager, options));
    Backbone backbone =
        config instanceof UNetConfig unet
            ? UNet.of(unet, VOCABULARY, mode)
            : UNet.of((UVitConfig) config, VOCABULARY, mode);
    try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        ConditionKernels ofCondition = mode.condition();
        NDManager scope = manager.newSubManager()) {
      NDArray zt = inputs.zt(scope);
      NDArray rows = inputs.allRows(scope);
      float[] expected =
          network.denoiser(parameters).logits(zt, inputs.condition(), rows).toFloatArray();
      ConditionEmbedding embedding = new ConditionEmbedding(config.condition(), config.width());
      NDList vector =
          embedding.of(
              scope,
              ofCondition,
              parameters::get,
              embedding.inputs(scope, ofCondition, inputs.condition()));
      List<NDArray> weights = column(parameters, backbone.conditionProducts(), 0);
      Backbone.Context context = new Backbone.Context(scope, parameters::get, vector);
      assertClose(expected, backbone.logits(context, zt, rows));
      if (!weights.isEmpty()) {
        List<NDArray> biases = column(parameters, backbone.conditionProducts(), 1);
        try (JoinedProducts joined = new JoinedProducts(manager, weights, biases)) {
          KnownProducts products = joined.of(scope, vector.singletonOrThrow());
          assertThat(products.count()).isEqualTo(weights.size());
          Backbone.Known known = new Backbone.Known(products, Optional.empty());
          Backbone.Context knowing = new Backbone.Context(scope, parameters::get, vector, known);
          assertClose(expected, backbone.logits(knowing, zt, rows));
        }
      }
    }
  }

  private static List<NDArray> column(
      Parameters parameters, List<List<ParameterSpec>> products, int place) {
    return products.stream().map(each -> parameters.get(each.get(place).name())).toList();
  }

  private static void assertClose(float[] expected, NDArray logits) {
    assertClose("logits", logits.toFloatArray(), expected, largest(expected));
  }

  @Test
  @Tag("exact")
  void close_givesUpThePasses() {
    AtomicInteger closed = new AtomicInteger();
    try (Network network = WIDE.network(manager, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      fused(WIDE, network, parameters, closed::incrementAndGet).close();
    }
    assertThat(closed).hasValue(1);
  }

  /** Against the channels that any filters take. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void widestMap_isWhatAnyResBlockTakes(ImageConfig config) {
    try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32)) {
      long widest =
          network.specs().stream()
              .filter(spec -> spec.name().matches(".*conv[12]\\.weight"))
              .mapToLong(spec -> spec.shape().get(3))
              .max()
              .orElseThrow();
      assertThat(config.widestMap()).isEqualTo((int) widest);
    }
  }

  private TrainableNetwork fused(ImageConfig config, Network network, Parameters parameters) {
    return fused(config, network, parameters, () -> {});
  }

  private TrainableNetwork fused(
      ImageConfig config, Network network, Parameters parameters, Runnable closing) {
    UNetKernels.Options options = options(config);
    FusedUNetKernels kernels =
        PlainNormActivationKernels.kernels(manager, options, config.dropout(), closing);
    return ((PixelNetwork) network).fused(manager, parameters, options, kernels);
  }

  private static UNetKernels.Options options(ImageConfig config) {
    ImageShape image = config.image();
    return new UNetKernels.Options(
        Precision.FLOAT32,
        Precision.FLOAT32,
        MemoryFormat.CHANNELS_LAST,
        image.height(),
        image.width(),
        image.colours());
  }

  /**
   * Returns the largest element; for a convolution's bias that of its filters, made of the same
   * gradient: behind a bias of one channel a group the norm leaves nothing but rounding.
   */
  private static double largest(float[] gradient) {
    return IntStream.range(0, gradient.length)
        .mapToDouble(i -> Math.abs(gradient[i]))
        .max()
        .orElseThrow();
  }

  private static void assertClose(String name, float[] ours, float[] expected, double scale) {
    assertThat(scale).as(name).isPositive();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) ours[i])
          .as("%s[%d]", name, i)
          .isCloseTo(expected[i], within(GRADIENT * scale));
    }
  }
}
