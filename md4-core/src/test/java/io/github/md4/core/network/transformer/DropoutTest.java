// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.noise.Noise;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class DropoutTest {
  private static final int VOCABULARY = 11;
  private static final int BATCH = 4;
  private static final int LENGTH = 5;
  private static final double RATE = 0.3;
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(41), 3, 0);
  private static final DropoutNoise OTHER_NOISE = new DropoutNoise(new Noise(41), 4, 0);

  /** As in {@link TransformerNaiveTest}, for logits that dropout makes a little larger. */
  private static final double TOLERANCE = 4e-6;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Embeddings outside, so that the only dropout is that of channels. */
  static List<TransformerConfig> networks() {
    return List.of(
        Networks.OUTSIDE_TIME, Networks.OUTSIDE_PLAIN_CAUSAL, Networks.OUTSIDE_CLASSES_CAUSAL);
  }

  /** One mask for all positions of an example, in each layer and branch, scaled. */
  @ParameterizedTest
  @MethodSource("networks")
  @Tag("naive")
  void trainingLogits_areThePlainLoopsWithMaskedChannels(TransformerConfig without) {
    TransformerConfig config = Networks.withDropout(without, RATE, 0);
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    int channels = config.layers() * 2 * config.width();
    byte[] mask = NOISE.mask(BATCH, channels, RATE);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] ours = inputs.trainingLogits(manager, network, parameters, NOISE);
      NaiveTransformer naive =
          new NaiveTransformer(config, VOCABULARY, RandomParameters.values(network.specs(), 31));
      for (int b = 0; b < BATCH; b++) {
        byte[] ofExample = Arrays.copyOfRange(mask, b * channels, (b + 1) * channels);
        double[][] expected =
            naive.logits(
                inputs.zt()[b],
                inputs.times()[b],
                config.classes() > 0 ? inputs.labels()[b] : 0,
                NaiveTransformer.factors(config, ofExample, RATE));
        for (int i = 0; i < LENGTH * VOCABULARY; i++) {
          assertThat((double) ours[b * LENGTH * VOCABULARY + i])
              .isCloseTo(expected[i / VOCABULARY][i % VOCABULARY], within(TOLERANCE));
        }
      }
    }
  }

  @Test
  @Tag("exact")
  void trainingLogits_ofASplitBatchAreThoseOfTheWhole() {
    TransformerConfig config = Networks.withDropout(Networks.OUTSIDE_TIME, RATE, 0);
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      float[] whole = inputs.trainingLogits(manager, network, parameters, NOISE);
      for (int first = 0; first < BATCH; first += 2) {
        DropoutNoise noise = new DropoutNoise(NOISE.noise(), NOISE.step(), first);
        float[] part =
            inputs.part(first, first + 2).trainingLogits(manager, network, parameters, noise);
        for (int i = 0; i < part.length; i++) {
          // The same products, summed in another order where their number of rows differs.
          assertThat(part[i]).isCloseTo(whole[first * LENGTH * VOCABULARY + i], within(2e-6f));
        }
      }
    }
  }

  /** Five standard errors: a false alarm has probability below 6e-7. */
  @Test
  @Tag("statistical")
  void mask_hasTheRate() {
    int size = 100_003;
    for (double rate : new double[] {0.02, 0.5, 0.9}) {
      double kept = 0;
      for (byte k : NOISE.mask(7, size, rate)) {
        assertThat(k).isBetween((byte) 0, (byte) 1);
        kept += k;
      }
      assertThat(kept / (7.0 * size))
          .isCloseTo(1 - rate, within(5 * Math.sqrt(rate * (1 - rate) / (7.0 * size))));
    }
  }

  @Test
  @Tag("exact")
  void mask_dependsOnSeedStepAndExample() {
    byte[] mask = NOISE.mask(2, 101, 0.5);
    assertThat(NOISE.mask(2, 101, 0.5)).isEqualTo(mask);
    assertThat(Arrays.copyOf(mask, 101)).isNotEqualTo(Arrays.copyOfRange(mask, 101, 202));
    assertThat(new DropoutNoise(new Noise(42), 3, 0).mask(2, 101, 0.5)).isNotEqualTo(mask);
    assertThat(new DropoutNoise(NOISE.noise(), 4, 0).mask(2, 101, 0.5)).isNotEqualTo(mask);
    assertThat(new DropoutNoise(NOISE.noise(), 3, 1).mask(1, 101, 0.5))
        .isEqualTo(Arrays.copyOfRange(mask, 101, 202));
  }

  @Test
  @Tag("exact")
  void attentionDropout_dependsOnTheNoiseAndNotOnTheEnginesState() {
    TransformerConfig config = Networks.withDropout(Networks.OUTSIDE_TIME, 0, 0.5);
    float[] drawn = drawn(config, 1, NOISE);
    assertThat(Arrays.equals(drawn(config, 2, NOISE), drawn)).isTrue();
    assertThat(Arrays.equals(drawn(config, 1, OTHER_NOISE), drawn)).isFalse();
  }

  @Test
  @Tag("exact")
  void embeddingDropout_isThatOfTheInsideTable() {
    TransformerConfig config = Networks.withDropout(Networks.INSIDE_PLAIN, 0.5, 0);
    float[] drawn = drawn(config, 1, NOISE);
    assertThat(Arrays.equals(drawn(config, 2, NOISE), drawn)).isTrue();
    assertThat(Arrays.equals(drawn(config, 1, OTHER_NOISE), drawn)).isFalse();
  }

  static List<TransformerConfig> allNetworks() {
    return Networks.ALL;
  }

  @ParameterizedTest
  @MethodSource("allNetworks")
  @Tag("exact")
  void withoutDropout_trainingLogitsAreTheDenoisers(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThat(inputs.trainingLogits(manager, network, parameters, NOISE))
          .isEqualTo(inputs.logits(manager, network, parameters));
    }
  }

  /** The denoiser of a network with dropout is that of the same network without. */
  @ParameterizedTest
  @MethodSource("allNetworks")
  @Tag("exact")
  void denoiser_dropsNothing(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Network dropping = network(Networks.withDropout(config, 0.5, 0.5));
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      assertThat(inputs.logits(manager, dropping, parameters))
          .isEqualTo(inputs.logits(manager, network, parameters));
    }
  }

  private float[] drawn(TransformerConfig config, int engineSeed, DropoutNoise noise) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (Network network = network(config);
        Parameters parameters = RandomParameters.of(manager, network, 31)) {
      Engine.getInstance().setRandomSeed(engineSeed);
      return inputs.trainingLogits(manager, network, parameters, noise);
    }
  }

  private Network network(TransformerConfig config) {
    return new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
  }
}
