// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tensor code against {@link NaiveTransformer}. */
final class TransformerNaiveTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 3;
  private static final int LENGTH = 5;

  /**
   * Logits are of order 1 and come out of some ten products and norms, one after another; each
   * rounds to float32, relative 6e-8, and all sums are shorter than a hundred.
   */
  private static final double TOLERANCE = 2e-6;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  static List<TransformerConfig> networks() {
    return Networks.ALL;
  }

  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void logits_areThePlainLoops(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] ours = inputs.logits(manager, network, parameters);
      assertThat(spread(ours)).isBetween(0.3, 3.0);
      NaiveTransformer naive =
          new NaiveTransformer(config, VOCABULARY, RandomParameters.values(network.specs(), 31));
      for (int b = 0; b < BATCH; b++) {
        int label = config.classes() > 0 ? inputs.labels()[b] : 0;
        double[][] expected =
            naive.logits(inputs.zt()[b], inputs.times()[b], label, NaiveTransformer.none(config));
        for (int i = 0; i < LENGTH * VOCABULARY; i++) {
          assertThat((double) ours[b * LENGTH * VOCABULARY + i])
              .isCloseTo(expected[i / VOCABULARY][i % VOCABULARY], within(TOLERANCE));
        }
      }
    }
  }

  /** Any rows, in any order, also twice. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("exact")
  void logits_atRowsAreThoseRowsOfAll(TransformerConfig config) {
    long[] rows = {14, 3, 3, 7, 0, 8, 12};
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
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
        // The same products, but summed in another order where their number of rows differs.
        assertThat(ours[i]).isCloseTo(all[row * VOCABULARY + i % VOCABULARY], within(1e-6f));
      }
    }
  }

  @Test
  @Tag("exact")
  void causal_seesNothingBehind() {
    TransformerConfig config = Networks.OUTSIDE_CLASSES_CAUSAL;
    Inputs inputs = Inputs.random(config, 1, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] before = inputs.logits(manager, network, parameters);
      inputs.zt()[0][3] = (inputs.zt()[0][3] + 1) % VOCABULARY;
      float[] after = inputs.logits(manager, network, parameters);
      assertThat(IntStream.range(0, before.length).filter(i -> before[i] != after[i]))
          .isNotEmpty()
          .allMatch(i -> i >= 3 * VOCABULARY);
    }
  }

  @Test
  @Tag("exact")
  void denoiser_rejectsShapesThatDoNotFit() {
    TransformerConfig config = Networks.INSIDE_TIME_CLASSES;
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
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
      Condition other = new Condition(inputs.times(), new int[] {0, 1, 3});
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(zt, other, rows))
          .withMessage("labels must be in [0, 3): 3");
      NDArray none = manager.create(new Shape(0));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.denoiser(parameters).logits(zt, inputs.condition(), none));
    }
  }

  private Network network(TransformerConfig config) {
    return new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
  }

  private static double spread(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += (double) logit * logit;
    }
    return Math.sqrt(sum / logits.length);
  }
}
