// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.transformer.Inputs;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tensor code against {@link NaiveImageNetwork}. */
final class ImageNaiveTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 3;

  /**
   * Logits are of order 1 and come out of some twenty products and norms, one after another; each
   * rounds to float32, relative 6e-8, and norms of few numbers enlarge what came before them. The
   * largest difference seen was 3.04e-6.
   */
  private static final double TOLERANCE = 5e-6;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<ImageConfig> networks() {
    return ImageNetworks.ALL;
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void logits_areThePlainLoops(ImageConfig config) {
    Inputs inputs = inputs(config);
    for (MemoryFormat memoryFormat : MemoryFormat.values()) {
      try (Network network = config.network(manager, VOCABULARY, Precision.FLOAT32, memoryFormat);
          Parameters parameters = RandomParameters.of(manager, network, 31)) {
        float[] ours = inputs.logits(manager, network, parameters);
        assertThat(spread(ours)).isBetween(0.3, 3.0);
        assertArePlainLoops(config, inputs, network, ours);
      }
    }
  }

  private static void assertArePlainLoops(
      ImageConfig config, Inputs inputs, Network network, float[] ours) {
    NaiveImageNetwork naive =
        new NaiveImageNetwork(config, VOCABULARY, RandomParameters.values(network.specs(), 31));
    int ofExample = config.image().size() * VOCABULARY;
    for (int b = 0; b < BATCH; b++) {
      int label = config.classes() > 0 ? inputs.labels()[b] : 0;
      double[][] expected = naive.logits(inputs.zt()[b], inputs.times()[b], label);
      for (int i = 0; i < ofExample; i++) {
        assertThat((double) ours[b * ofExample + i])
            .isCloseTo(expected[i / VOCABULARY][i % VOCABULARY], within(TOLERANCE));
      }
    }
  }

  /** Any rows, in any order, also twice. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void logits_atRowsAreThoseRowsOfAll(ImageConfig config) {
    long[] rows = {14, 3, 3, 7, 0, 8, BATCH * config.image().size() - 1};
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] all = inputs.logits(manager, network, parameters);
      float[] ours =
          network
              .denoiser(parameters)
              .logits(inputs.zt(manager), inputs.condition(), manager.create(rows))
              .toFloatArray();
      assertThat(ours).hasSize(rows.length * VOCABULARY);
      for (int i = 0; i < ours.length; i++) {
        int row = (int) rows[i / VOCABULARY];
        assertThat(ours[i]).isEqualTo(all[row * VOCABULARY + i % VOCABULARY]);
      }
    }
  }

  /** The label of no class is one of its own. */
  @Test
  @Tag("naive")
  void nullLabel_isTheLastRowOfTheTable() {
    ImageConfig config = ImageNetworks.UVIT_TIME_CLASSES;
    int none = config.nullLabel().orElseThrow();
    assertThat(none).isEqualTo(config.classes());
    Inputs random = inputs(config);
    Inputs inputs = new Inputs(random.zt(), random.times(), new int[] {none, none, none});
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] ours = inputs.logits(manager, network, parameters);
      assertArePlainLoops(config, inputs, network, ours);
    }
  }

  @Test
  @Tag("exact")
  void denoiser_rejectsShapesThatDoNotFit() {
    ImageConfig config = ImageNetworks.UVIT_TIME_CLASSES;
    Inputs inputs = inputs(config);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      NDArray zt = inputs.zt(manager);
      NDArray rows = inputs.allRows(manager);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(zt, Condition.at(0.5), rows))
          .withMessage("there must be a time for each of 3 examples: 1");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(zt, Condition.at(0.5, 3), rows))
          .withMessage("there must be a label for each of 3 examples: 0");
      Condition other = new Condition(inputs.times(), new int[] {0, 1, 4});
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(zt, other, rows))
          .withMessage("labels must be in [0, 4): 4");
      NDArray tooShort = manager.zeros(new Shape(3, 47), zt.getDataType());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(tooShort, inputs.condition(), rows))
          .withMessage("zt must be [B, 48], images of 4x6x2: (3, 47)");
    }
  }

  private static Inputs inputs(ImageConfig config) {
    return Inputs.random(config, BATCH, config.image().size(), VOCABULARY);
  }

  private Network network(ImageConfig config) {
    return config.network(manager, VOCABULARY, Precision.FLOAT32);
  }

  private static double spread(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += (double) logit * logit;
    }
    return Math.sqrt(sum / logits.length);
  }
}
