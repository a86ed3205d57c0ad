// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.PlainPointwiseKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.loss.ScoreEntropyLoss;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Both implementations of frozen weights against the plain denoiser, in float32; our own kernels in
 * plain operations, as {@link FusedTransformerTest} does for training.
 */
@Tag("naive")
final class FrozenTransformerTest {
  private static final int VOCABULARY = 67;
  private static final int BATCH = 5;
  private static final int LENGTH = 7;

  /** Examples with many rows, one, and none. */
  private static final long[] CHOSEN = {0, 1, 2, 4, 6, 10, 21, 22, 23, 24, 25, 26, 27, 34};

  static List<TransformerConfig> networks() {
    return Networks.ALL.stream().filter(TransformerConfig::isConditional).toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void fused_isThePlainDenoiser(TransformerConfig config) {
    check(config, (manager, weights) -> new FusedForward(manager, plain(manager, config), weights));
  }

  static List<TransformerConfig> all() {
    return Networks.ALL;
  }

  @ParameterizedTest
  @MethodSource("all")
  void script_isThePlainDenoiser(TransformerConfig config) {
    check(config, (manager, weights) -> new ScriptForward(manager, options(config), weights));
  }

  /** A factory of the tested forward pass. */
  private interface Way {
    FrozenForward of(NDManager manager, FrozenWeights weights);
  }

  private static void check(TransformerConfig config, Way way) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenWeights weights = FrozenWeights.of(manager, config, parameters, Precision.FLOAT32);
        FrozenForward frozen = way.of(manager, weights)) {
      Denoiser plain = network.denoiser(parameters);
      for (long[] rows : new long[][] {CHOSEN, {33}, LongStream.range(0, 35).toArray()}) {
        float[] expected = logits(manager, plain, inputs, rows);
        float[] ours = logits(manager, frozen, inputs, rows); // tables of the length are made once
        int before = manager.getManagedArrays().size();
        assertThat(logits(manager, frozen, inputs, rows)).isEqualTo(ours);
        assertThat(manager.getManagedArrays().size()).as("left behind").isEqualTo(before);
        assertClose(ours, expected);
        assertThat(ours).hasSize(rows.length * VOCABULARY);
      }
    }
  }

  /** Both sides round to float32, in sums of another order. */
  private static void assertClose(float[] ours, float[] expected) {
    assertThat(ours).hasSameSizeAs(expected);
    double largest =
        IntStream.range(0, expected.length)
            .mapToDouble(i -> Math.abs(expected[i]))
            .max()
            .orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) ours[i]).isCloseTo(expected[i], within(1e-5 * largest));
    }
  }

  private static float[] logits(NDManager manager, Denoiser denoiser, Inputs inputs, long[] rows) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray zt = inputs.zt(scope);
      NDArray headRows = scope.create(rows);
      return denoiser.logits(zt, inputs.condition(), headRows).toFloatArray();
    }
  }

  private static TransformerKernels.Options options(TransformerConfig config) {
    return new TransformerKernels.Options(
        Precision.FLOAT32,
        config.activation(),
        config.heads(),
        config.keyValueHeads(),
        config.headWidth(),
        config.causal(),
        1e-5);
  }

  private static FusedKernels plain(NDManager manager, TransformerConfig config) {
    return PlainPointwiseKernels.frozen(
        manager,
        new FusedKernels.Options(
            options(config), TransformerKernels.Dropout.NONE, Precision.FLOAT32));
  }

  /** The kernels' losses are those of the logits, up to float32 sums of another order. */
  @ParameterizedTest
  @MethodSource("networks")
  void losses_areThoseOfTheLogits(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    int[] targets = LongStream.of(CHOSEN).mapToInt(row -> (int) (row * 5 % VOCABULARY)).toArray();
    float[] powers = new float[VOCABULARY];
    for (int v = 0; v < VOCABULARY; v++) {
      powers[v] = 0.5f + 0.03f * v;
    }
    float[][] shifts = {new float[CHOSEN.length]};
    AskedRows rows = new AskedRows(targets, targets, shifts);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenWeights weights = FrozenWeights.of(manager, config, parameters, Precision.FLOAT32);
        FusedForward forward = new FusedForward(manager, plain(manager, config), weights)) {
      for (RowLoss loss :
          List.of(
              new RowLoss.CrossEntropy(), new RowLoss.PerToken(powers), new ScoreEntropyLoss())) {
        assertClose(
            losses(manager, forward, inputs, new AskedLoss(loss, rows)),
            losses(manager, network.denoiser(parameters), inputs, new AskedLoss(loss, rows)));
      }
    }
  }

  private static float[] losses(
      NDManager manager, Denoiser denoiser, Inputs inputs, AskedLoss asked) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray rows = scope.create(CHOSEN);
      return denoiser.losses(inputs.zt(scope), inputs.condition(), rows, asked).toFloatArray();
    }
  }

  /** Each weight is then there once, in the type in which it is needed. */
  @ParameterizedTest
  @MethodSource("all")
  void loaded_isThatOfTheSameParameters(TransformerConfig config) throws IOException {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters);
        FrozenDenoiser loaded =
            network
                .loaded(manager, RandomParameters.source(network, 31), Precision.FLOAT32)
                .orElseThrow()) {
      assertThat(logits(manager, loaded, inputs, CHOSEN))
          .isEqualTo(logits(manager, frozen, inputs, CHOSEN));
    }
  }

  /** In bfloat16 each of some dozen roundings a layer is by 2^-9. */
  @ParameterizedTest
  @MethodSource("all")
  void frozen_onTheCpuIsOneScript(TransformerConfig config) {
    Inputs inputs = Inputs.random(config, BATCH, LENGTH, VOCABULARY);
    try (NDManager manager = NDManager.newBaseManager();
        Network exact = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Network network = new Transformer(manager, config, VOCABULARY, Precision.BFLOAT16);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenDenoiser frozen = network.frozen(manager, parameters)) {
      assertThat(frozen.description()).isEqualTo("TorchScript");
      float[] expected = logits(manager, exact.denoiser(parameters), inputs, CHOSEN);
      float[] ours = logits(manager, frozen, inputs, CHOSEN);
      assertThat(FrozenTransformerGpuTest.distance(ours, expected))
          .isLessThan(8 * 0x1p-9 * Math.sqrt(config.layers()))
          .isPositive();
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> frozen.logits(inputs.zt(manager), Condition.at(0.5), inputs.zt(manager)));
    }
  }
}
