// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.PlainPointwiseKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.GenMd4Loss;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.loss.UniformStepLoss;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.Training;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.noise.Noise;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The hand-written forward and backward against the automatic differentiation of the recorded one,
 * in float32, with the pointwise kernels in plain operations, the same with attention of chosen
 * queries alone in the last block, with attention that draws its dropout as ours on a GPU does, and
 * with the kernels of the CPU; those of {@code fused.cu} are held against it on a GPU ({@link
 * FusedTransformerGpuTest}). Both draw their dropout from the engine in the same places, seeded
 * alike.
 */
@Tag("naive")
final class FusedTransformerTest {
  private static final int VOCABULARY = 67;
  private static final int BATCH = 5;
  private static final int LENGTH = 7;

  /** Examples with many rows, one, and none. */
  private static final int[] CHOSEN = {0, 1, 2, 4, 6, 10, 21, 22, 23, 24, 25, 26, 27, 34};

  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(43), 3, 0);

  /**
   * Of the largest element of each gradient: both sides round to float32 (6e-8), along some hundred
   * operations and sums of up to 35 terms in another order.
   */
  private static final double GRADIENT = 1e-5;

  /** A network, and the kernels that compute it. */
  private record Case(TransformerConfig config, Way way) {
    @Override
    public String toString() {
      return way + ", " + config;
    }
  }

  /** The kernels of a hand-written pass. */
  private enum Way {
    PLAIN {
      @Override
      FusedKernels kernels(NDManager manager, FusedKernels.Options options) {
        return PlainPointwiseKernels.kernels(manager, options);
      }
    },
    CHOSEN_QUERIES {
      @Override
      FusedKernels kernels(NDManager manager, FusedKernels.Options options) {
        return PlainPointwiseKernels.chosenQueries(manager, options);
      }
    },
    MASKED {
      @Override
      FusedKernels kernels(NDManager manager, FusedKernels.Options options) {
        return PlainPointwiseKernels.masked(manager, options);
      }

      @Override
      boolean draws(TransformerConfig config) {
        return config.attentionDropout() == 0 && !config.causal();
      }
    },
    CPU {
      @Override
      FusedKernels kernels(NDManager manager, FusedKernels.Options options) {
        return FusedKernels.find(manager, options).orElseThrow();
      }
    };

    abstract FusedKernels kernels(NDManager manager, FusedKernels.Options options);

    /** Returns whether these kernels compute a network, and draw its dropout from the engine. */
    boolean draws(TransformerConfig config) {
      return true;
    }
  }

  static List<Case> networks() {
    return Networks.ALL.stream()
        .filter(TransformerConfig::isConditional)
        .flatMap(network -> Stream.of(network, Networks.withDropout(network, 0.3, 0.2)))
        .flatMap(network -> Arrays.stream(Way.values()).map(way -> new Case(network, way)))
        .filter(each -> each.way.draws(each.config))
        .toList();
  }

  static List<Case> networksOnCpu() {
    return networks().stream().filter(each -> each.way == Way.CPU).toList();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void gradientsAtAllRows_areThoseOfTheRecordedNetwork(Case network) {
    check(network, IntStream.range(0, BATCH * LENGTH).toArray(), Recompute.NONE);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void gradientsAtChosenRows_areThoseOfTheRecordedNetwork(Case network) {
    check(network, CHOSEN, Recompute.NONE);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void gradientsWithRecomputation_areThoseOfTheRecordedNetwork(Case network) {
    check(network, CHOSEN, Recompute.LAYER);
  }

  /** Lengths from which on softmax, then attention as a whole, are libtorch's. */
  @ParameterizedTest
  @MethodSource("networksOnCpu")
  void gradientsOfLongerSequences_areThoseOfTheRecordedNetwork(Case network) {
    for (int length : new int[] {17, 71}) {
      Inputs inputs = Inputs.random(network.config, 3, length, VOCABULARY);
      check(network, inputs, CHOSEN, Recompute.NONE, FusedTransformerTest::entropy);
    }
  }

  /** The other question that an objective may ask. */
  @ParameterizedTest
  @MethodSource("networks")
  void gradientsOfGenMd4Rows_areThoseOfTheRecordedNetwork(Case network) {
    check(network, CHOSEN, Recompute.NONE, FusedTransformerTest::genMd4);
  }

  /** The score entropy, which the fused way makes of the cross-entropy's gradient. */
  @ParameterizedTest
  @MethodSource("networks")
  void gradientsOfScoreEntropy_areThoseOfTheRecordedNetwork(Case network) {
    check(network, CHOSEN, Recompute.NONE, FusedTransformerTest::scoreEntropy);
  }

  private static float[] scoreEntropy(
      NDManager scope, Logits logits, int[] targets, float[] weights) {
    float[] shifts = new float[targets.length];
    Arrays.fill(shifts, -2);
    AskedRows rows = new AskedRows(targets, targets, new float[][] {shifts});
    return logits.scoreEntropy(scope, rows, weights).toFloatArray();
  }

  /** A loss given by its formula, which the fused way takes in chunks and writes back. */
  @ParameterizedTest
  @MethodSource("networks")
  void gradientsOfFormulaRows_areThoseOfTheRecordedNetwork(Case network) {
    check(network, CHOSEN, Recompute.NONE, FusedTransformerTest::uniformStep);
  }

  private static float[] uniformStep(
      NDManager scope, Logits logits, int[] targets, float[] weights) {
    float[][] alphas = new float[2][targets.length];
    Arrays.fill(alphas[0], 0.7f);
    Arrays.fill(alphas[1], 0.4f);
    AskedRows rows = new AskedRows(targets, targets, alphas);
    return logits.formula(scope, new UniformStepLoss(0.1), rows, weights).toFloatArray();
  }

  private static void check(Case network, int[] rows, Recompute recompute) {
    check(network, rows, recompute, FusedTransformerTest::entropy);
  }

  /** A loss of logits, with its further results. */
  private interface Question {
    float[] ask(NDManager scope, Logits logits, int[] targets, float[] weights);
  }

  private static float[] entropy(NDManager scope, Logits logits, int[] targets, float[] weights) {
    return logits.crossEntropy(scope, targets, weights).toFloatArray();
  }

  private static float[] genMd4(NDManager scope, Logits logits, int[] targets, float[] weights) {
    float[] powers = new float[VOCABULARY];
    for (int v = 0; v < VOCABULARY; v++) {
      powers[v] = 0.5f + 0.03f * v;
    }
    GenMd4Loss loss = logits.genMd4(scope, targets, weights, powers);
    float[] byPower = Arrays.copyOf(loss.byPower().toFloatArray(), VOCABULARY);
    return concatenated(loss.sum().toFloatArray(), loss.ofRows().toFloatArray(), byPower);
  }

  private static float[] concatenated(float[]... parts) {
    FloatBuffer all = FloatBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    Arrays.stream(parts).forEach(all::put);
    return all.array();
  }

  private static void check(Case network, int[] rows, Recompute recompute, Question question) {
    check(
        network,
        Inputs.random(network.config, BATCH, LENGTH, VOCABULARY),
        rows,
        recompute,
        question);
  }

  private static void check(
      Case of, Inputs inputs, int[] rows, Recompute recompute, Question question) {
    TransformerConfig config = of.config;
    NetworkInput input = new NetworkInput(inputs.zt(), inputs.condition(), rows);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = new Transformer(manager, config, VOCABULARY, Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork recorded = network.trainable(manager, parameters, Training.TORCHSCRIPT);
        TrainableNetwork fused =
            new FusedTransformer(
                manager,
                of.way.kernels(manager, options(config)),
                config,
                parameters,
                new FusedTransformer.Options(Precision.FLOAT32, recompute))) {
      float[] expectedAnswer = run(manager, recorded, input, question);
      float[] answer = run(manager, fused, input, question);
      for (int i = 0; i < answer.length; i++) {
        assertThat(answer[i])
            .isCloseTo(expectedAnswer[i], within(2e-6f * Math.max(1, expectedAnswer[i])));
      }
      List<float[]> expected = Training.values(recorded.gradients());
      List<float[]> ours = Training.values(fused.gradients());
      for (int i = 0; i < expected.size(); i++) {
        String name = network.specs().get(i).name();
        assertClose(name, ours.get(i), expected.get(i));
      }
    }
  }

  static FusedKernels.Options options(TransformerConfig config) {
    TransformerKernels.Options options =
        new TransformerKernels.Options(
            Precision.FLOAT32,
            config.activation(),
            config.heads(),
            config.keyValueHeads(),
            config.headWidth(),
            config.causal(),
            1e-5);
    double embedding = config.embedding() == Embedding.INSIDE ? config.dropout() : 0;
    TransformerKernels.Dropout dropout =
        new TransformerKernels.Dropout(config.dropout(), embedding, config.attentionDropout());
    return new FusedKernels.Options(options, dropout, Precision.FLOAT32);
  }

  private static float[] run(
      NDManager manager, TrainableNetwork network, NetworkInput input, Question question) {
    int[] targets = new int[input.rows().length];
    float[] weights = new float[targets.length];
    for (int r = 0; r < targets.length; r++) {
      targets[r] = (r * 7 + 3) % VOCABULARY;
      weights[r] = 0.1f + 0.01f * r;
    }
    try (NDManager scope = manager.newSubManager();
        TrainingPass pass = network.forward(scope, input, NOISE)) {
      float[] answer = question.ask(scope, pass.logits(), targets, weights);
      pass.backward();
      return answer;
    }
  }

  private static void assertClose(String name, float[] ours, float[] expected) {
    double largest =
        IntStream.range(0, expected.length)
            .mapToDouble(i -> Math.abs(expected[i]))
            .max()
            .orElseThrow();
    assertThat(largest).as(name).isPositive();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) ours[i])
          .as("%s[%d]", name, i)
          .isCloseTo(expected[i], within(GRADIENT * largest));
    }
  }
}
