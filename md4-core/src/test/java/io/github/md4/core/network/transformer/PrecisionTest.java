// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.image.ConditionConfig;
import io.github.md4.core.network.image.DitConfig;
import io.github.md4.core.network.image.DitShape;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.network.image.UVitConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.token.ImageShape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** bfloat16 against float32, with the same float32 weights. */
@Tag("naive")
final class PrecisionTest {
  private static final int LAYERS = 4;
  private static final int VOCABULARY = 67;
  private static final ImageShape IMAGE = new ImageShape(6, 8, 2);

  /** bfloat16 has eight bits of significand: it rounds by at most this, relative. */
  private static final double ROUNDING = 0x1p-9;

  /**
   * A layer rounds some dozen activations one after another, each by about half of ROUNDING in the
   * mean, and independent errors add up like the root of their number: 2 roots of the layers.
   * Networks of this size were within 2.8.
   */
  private static final double LOGITS = 4 * ROUNDING * Math.sqrt(LAYERS);

  /**
   * The way back rounds as often again, and reads activations that the way forward has rounded.
   * Gradients of this size were within 6.1 roots.
   */
  private static final double GRADIENTS = 8 * ROUNDING * Math.sqrt(LAYERS);

  static List<NetworkConfig> networks() {
    return List.of(
        network(Embedding.OUTSIDE, TimeFeatures.T, 0, Activation.GLU),
        network(Embedding.INSIDE, TimeFeatures.T, 3, Activation.SWIGLU),
        network(Embedding.INSIDE, TimeFeatures.NONE, 0, Activation.GEGLU),
        new UNetConfig(IMAGE, 64, LAYERS, ConditionConfig.defaults(), 0),
        new UVitConfig(
            IMAGE,
            64,
            List.of(1),
            LAYERS / 2,
            new DitShape(64, 4, LAYERS / 2, 2),
            new ConditionConfig(TimeFeatures.T, 3, 0),
            0),
        new DitConfig(IMAGE, 32, new DitShape(64, 4, LAYERS, 2), ConditionConfig.defaults(), 0));
  }

  private static TransformerConfig network(
      Embedding embedding, TimeFeatures time, int classes, Activation activation) {
    return TransformerConfig.defaults()
        .withHeads(4, 16)
        .withKeyValueHeads(2)
        .withLayers(LAYERS)
        .withEmbedding(embedding)
        .withCondition(time, classes)
        .withActivation(activation);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void logits_areThoseOfFloat32UpToRounding(NetworkConfig config) {
    try (NDManager manager = NDManager.newBaseManager()) {
      float[] exact = logits(manager, config, Precision.FLOAT32);
      float[] rounded = logits(manager, config, Precision.BFLOAT16);
      assertThat(distance(rounded, exact)).isPositive();
      assertThat(distance(rounded, exact)).isLessThan(LOGITS);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void gradients_areThoseOfFloat32UpToRounding(NetworkConfig config) {
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, float[]> exact = gradients(manager, config, Precision.FLOAT32);
      Map<String, float[]> rounded = gradients(manager, config, Precision.BFLOAT16);
      exact.forEach(
          (name, gradient) ->
              assertThat(distance(rounded.get(name), gradient)).as(name).isLessThan(GRADIENTS));
    }
  }

  private static float[] logits(NDManager manager, NetworkConfig config, Precision precision) {
    Inputs inputs = Inputs.fitting(config, 3, 17, VOCABULARY);
    try (Network network = config.network(manager, VOCABULARY, precision);
        Parameters parameters = RandomParameters.of(manager, network, 47)) {
      return inputs.logits(manager, network, parameters);
    }
  }

  private static Map<String, float[]> gradients(
      NDManager manager, NetworkConfig config, Precision precision) {
    Inputs inputs = Inputs.fitting(config, 3, 17, VOCABULARY);
    try (Network network = config.network(manager, VOCABULARY, precision);
        Parameters parameters = RandomParameters.of(manager, network, 47);
        NDManager scope = manager.newSubManager();
        TrainableNetwork trainable = network.trainable(scope, parameters, Training.TORCHSCRIPT)) {
      List<float[]> gradients = new Training(trainable, parameters, inputs).gradients(scope);
      Map<String, float[]> byName = new LinkedHashMap<>();
      for (int i = 0; i < gradients.size(); i++) {
        byName.put(network.specs().get(i).name(), gradients.get(i));
      }
      return byName;
    }
  }

  /** Returns the root of the mean squared difference over that of the expected. */
  private static double distance(float[] actual, float[] expected) {
    double difference = 0;
    double square = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += ((double) actual[i] - expected[i]) * ((double) actual[i] - expected[i]);
      square += (double) expected[i] * expected[i];
    }
    return Math.sqrt(difference / square);
  }
}
