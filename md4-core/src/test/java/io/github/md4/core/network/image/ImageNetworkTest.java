// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.ExactElbo;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.network.gpt2.GptConfig;
import io.github.md4.core.network.llama.LlamaConfig;
import io.github.md4.core.network.transformer.GaussianTransformerConfig;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.ImageShape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The parameters of image networks and their initial values. */
final class ImageNetworkTest {
  private static final int VOCABULARY = 11;
  private static final Pattern ZEROS =
      Pattern.compile(
          ".*\\.bias|.*modulation.*|.*conv2\\.weight|head\\.weight|(middle\\.)?out\\.weight"
              + "|(down|middle|up)\\..*condition\\.weight");
  private static final ImageShape IMAGENET = new ImageShape(64, 64, 3);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<ImageConfig> networks() {
    return ImageNetworks.ALL;
  }

  /** Returns the counts that the reference prints for its configurations (spec, Section 5.7). */
  static List<Arguments> configurations() {
    return List.of(
        Arguments.of("CIFAR-10", UNetConfig.defaults(), 28_427_520L),
        Arguments.of(
            "CIFAR-10 without time",
            new UNetConfig(new ImageShape(32, 32, 3), 128, 32, condition(TimeFeatures.NONE, 0), 0),
            27_198_080L),
        Arguments.of(
            "ImageNet 64, 24 and 12", imagenet(24, 12, condition(TimeFeatures.T, 0)), 198_279_680L),
        Arguments.of("ImageNet 64, 8 and 20", UVitConfig.defaults(), 204_595_712L),
        Arguments.of(
            "ImageNet 64, 1000 classes",
            imagenet(8, 20, condition(TimeFeatures.T, 1000)),
            205_113_856L),
        Arguments.of(
            "ImageNet 64, 48 and 12",
            imagenet(48, 12, condition(TimeFeatures.T, 0)),
            288_025_088L));
  }

  private static ConditionConfig condition(TimeFeatures time, int classes) {
    return new ConditionConfig(time, classes, 0);
  }

  private static UVitConfig imagenet(int layers, int middle, ConditionConfig condition) {
    return new UVitConfig(
        IMAGENET, 256, List.of(1), layers, new DitShape(768, 12, middle, 2), condition, 0.1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("configurations")
  @Tag("exact")
  void parameters_areAsManyAsTheReferences(String name, ImageConfig config, long expected) {
    try (Network network = config.network(manager, 256, Precision.FLOAT32)) {
      assertThat(network.specs().stream().mapToLong(spec -> spec.shape().size()).sum())
          .as(name)
          .isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void names_areDistinct(ImageConfig config) {
    try (Network network = network(config)) {
      Set<String> names = new HashSet<>();
      network.specs().forEach(s -> assertThat(names.add(s.name())).as(s.name()).isTrue());
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void logits_startAtZero(ImageConfig config) {
    Inputs inputs = Inputs.random(config, 3, config.image().size(), VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(71))) {
      assertThat(inputs.logits(manager, network, parameters)).containsOnly(0);
    }
  }

  @Test
  @Tag("exact")
  void diffusionTerm_startsAtLogVSqueezed() {
    ImageConfig config =
        new UNetConfig(new ImageShape(1, 2, 1), 32, 1, ConditionConfig.defaults(), 0);
    try (Network network = network(config);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(71))) {
      ExactElbo elbo =
          new ExactElbo(
              manager,
              network.denoiser(parameters),
              new TokenSpace(VOCABULARY),
              new int[][] {{3, 10}},
              new double[] {1});
      double expected = 2 * (1 - 2e-4) * Math.log(VOCABULARY);
      // ln 11 is a float32 number here, good to half a unit of its last place.
      assertThat(elbo.continuous(new MaskingSchedule(new Curve.Linear())))
          .isCloseTo(expected, within(1e-7 * expected));
    }
  }

  /** Products and filters start with variance 1 / inputs, all that the spec names at zero. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("statistical")
  void parameters_haveTheReferencesVariance(ImageConfig config) {
    try (Network network = network(config);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(37))) {
      parameters
          .byName()
          .forEach(
              (name, array) -> {
                double inputs = (double) array.size() / array.getShape().get(0);
                assertLaw(name, inputs, array.toFloatArray());
              });
    }
  }

  private static void assertLaw(String name, double inputs, float[] values) {
    if (name.matches(".*norm\\d?\\.weight")) {
      assertThat(values).as(name).containsOnly(1);
    } else if (ZEROS.matcher(name).matches()) {
      assertThat(values).as(name).containsOnly(0);
    } else if (!name.endsWith("positions.weight")) {
      double square = 0;
      for (float value : values) {
        square += (double) value * value / values.length;
      }
      // Five standard errors of a normal law's variance: a false alarm has probability below 6e-7.
      assertThat(square * inputs).as(name).isCloseTo(1, within(5 * Math.sqrt(2.0 / values.length)));
    }
  }

  /** Half of the width tells the column, half the row. */
  @Test
  @Tag("exact")
  void positions_startAsSinesOfColumnAndRow() {
    float[] values = new float[6 * 8];
    new Initializer.Grid(3, 8).fill(values, new Noise(0), 0);
    int row = 1;
    int column = 2;
    int at = (row * 3 + column) * 8;
    double[] expected = {
      Math.sin(2), Math.sin(0.02), Math.cos(2), Math.cos(0.02),
      Math.sin(1), Math.sin(0.01), Math.cos(1), Math.cos(0.01)
    };
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) values[at + i]).isCloseTo(expected[i], within(1e-7));
    }
  }

  @Test
  @Tag("exact")
  void configs_rejectWhatCannotBe() {
    ConditionConfig condition = ConditionConfig.defaults();
    ImageShape image = new ImageShape(32, 32, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new UNetConfig(image, 48, 2, condition, 0))
        .withMessage("width must be a multiple of 32 up to 1048576: 48");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new UNetConfig(image, 32, 0, condition, 0))
        .withMessage("layers must be in [1, 10000]: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new UNetConfig(image, 32, 2, condition, 1))
        .withMessage("dropout must be in [0, 1): 1.0");
    DitShape blocks = new DitShape(12, 3, 1, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DitConfig(image, 8, blocks, condition, 0))
        .withMessageStartingWith("image must have sides that 3 divides")
        .withMessageEndingWith(": 32x32x3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DitShape(14, 2, 1, 1))
        .withMessage("width must be a multiple of 4 and of heads (2): 14");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConditionConfig(TimeFeatures.T, 0, 0.1))
        .withMessage("labelDropout must be 0 without classes: 0.1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNetConfig.defaults().checkLength(3071))
        .withMessage("length must be that of the network's image, 3072 for 32x32x3: 3071");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageShape.parse("32x32"))
        .withMessage("image must be HEIGHTxWIDTHxCOLOURS, as in 32x32x3: 32x32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageShape.parse("99999x99999x3"))
        .withMessage("image must have fewer than 2^31 values: 99999x99999x3");
    assertThat(ImageShape.parse("28x32x1")).isEqualTo(new ImageShape(28, 32, 1));
  }

  @Test
  @Tag("exact")
  void kinds_areAllThereAre() {
    assertThat(NetworkConfig.kinds().values())
        .containsExactlyInAnyOrder(
            TransformerConfig.class,
            GaussianTransformerConfig.class,
            UNetConfig.class,
            UVitConfig.class,
            DitConfig.class,
            GptConfig.class,
            DditConfig.class,
            LlamaConfig.class);
    assertThat(ImageConfig.class.getPermittedSubclasses())
        .hasSize(NetworkConfig.kinds().size() - 5);
  }

  private Network network(ImageConfig config) {
    return config.network(manager, VOCABULARY, Precision.FLOAT32);
  }
}
