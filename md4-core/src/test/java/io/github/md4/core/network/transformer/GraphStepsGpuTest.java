// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps in one launch against logits of the launches one by one. */
@Tag("gpu")
final class GraphStepsGpuTest {
  private static final int[] EXAMPLES = {1, 3, 1, 1, 2, 8};
  private static final int[] LENGTHS = {37, 150, 256, 520, 64, 700};
  private static final int[] EVERY = {1, 3, 50, 7, 1, 90};

  /** The rows of a step that are compared. */
  private static final int MOST_CHECKED = 40;

  private static final List<Confidence> CONFIDENCES =
      List.of(Confidence.PROBABILITY, Confidence.MARGIN, Confidence.NEGATIVE_ENTROPY);

  /** Logits of a few units whose bfloat16 products are rounded elsewhere. */
  private static final double ROUNDING = 0.03;

  @BeforeEach
  void needsAHopperGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: steps in one launch are not tested");
  }

  static List<Case> cases() {
    return List.of(
        new Case(network(3, 3, Embedding.OUTSIDE, Activation.GLU), 27, 1),
        new Case(network(4, 2, Embedding.INSIDE, Activation.SWIGLU), 1003, 1),
        new Case(network(12, 12, Embedding.OUTSIDE, Activation.GEGLU), 27, 1),
        new Case(network(2, 2, Embedding.INSIDE, Activation.GLU), 50_257, 1));
  }

  private static TransformerConfig network(
      int heads, int keyValueHeads, Embedding embedding, Activation activation) {
    return TransformerConfig.defaults()
        .withHeads(heads, 64)
        .withKeyValueHeads(keyValueHeads)
        .withLayers(3)
        .withEmbedding(embedding)
        .withActivation(activation);
  }

  private static FrozenForward graphs(NDManager manager, Case each, FrozenWeights weights) {
    return new GraphForward(
        manager,
        new FusedForward(manager, GraphForwardGpuTest.kernels(manager, each), weights),
        RecordingStream.find(new CudaDevice(0)).orElseThrow(),
        0);
  }

  /** Each step begins with the draws of the one before, and takes other rows. */
  @ParameterizedTest
  @MethodSource("cases")
  void severalSteps_areThoseOneByOne(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 37);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FrozenForward graphs = graphs(manager, each, weights)) {
      for (int count : new int[] {3, 8, 1, 11, 35}) {
        Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
        List<StepDraws.Step> steps = steps(inputs, count);
        int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
        List<double[]> drawn = new ArrayList<>();
        graphs
            .drawAhead(zt.clone(), steps.iterator(), Confidence.MARGIN)
            .forEachRemaining(drawn::add);
        assertThat(drawn).hasSize(count);
        for (int k = 0; k < drawn.size(); k++) {
          StepDraws.Step step = steps.get(k);
          double[] expected =
              graphs
                  .draw(zt, step.condition(), step.rows(), step.u(), Confidence.MARGIN)
                  .orElseThrow();
          assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected);
          put(zt, step, expected);
        }
      }
    }
  }

  /**
   * A call of the network, which may take the memory of a go, ends the go: the steps that run can
   * still be read, and the others are made in a go of their own.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void aGo_isEndedByOtherCalls(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 43);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FrozenForward graphs = graphs(manager, each, weights)) {
      Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      List<StepDraws.Step> steps = steps(inputs, 30);
      List<double[]> expected = new ArrayList<>();
      graphs
          .drawAhead(zt.clone(), steps.iterator(), Confidence.MARGIN)
          .forEachRemaining(expected::add);
      Iterator<double[]> ended = graphs.drawAhead(zt.clone(), steps.iterator(), Confidence.MARGIN);
      List<double[]> drawn = new ArrayList<>(List.of(ended.next(), ended.next()));
      // More positions than before, so that the memory of the forward pass grows.
      Step.random(each, 8, 700, 90).logits(manager, graphs).close();
      ended.forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(10);
      int made = drawn.size();
      for (int k = 0; k < made; k++) {
        put(zt, steps.get(k), drawn.get(k));
      }
      graphs
          .drawAhead(zt, steps.subList(made, 30).iterator(), Confidence.MARGIN)
          .forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(30);
      for (int k = 0; k < 30; k++) {
        assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected.get(k));
      }
    }
  }

  /** Steps whose rows become too few or too many for the graph are left for another go. */
  @ParameterizedTest
  @MethodSource("cases")
  void aGo_hasStepsOfOneGraph(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 47);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FrozenForward graphs = graphs(manager, each, weights)) {
      Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      for (int other : new int[] {60, 8}) {
        List<StepDraws.Step> steps = new ArrayList<>(steps(inputs, 12));
        steps.add(step(inputs, 12, other, 1));
        steps.addAll(steps(inputs, 5));
        List<double[]> drawn = new ArrayList<>();
        graphs
            .drawAhead(zt.clone(), steps.iterator(), Confidence.MARGIN)
            .forEachRemaining(drawn::add);
        // 24 rows serve 16 and fewer, which are rounded up to 16.
        assertThat(drawn).hasSize(other > 24 ? 12 : 18);
      }
    }
  }

  private static void put(int[] zt, StepDraws.Step step, double[] drawn) {
    for (int r = 0; r < step.rows().length; r++) {
      zt[step.rows()[r]] = (int) drawn[r];
    }
  }

  private static StepDraws.Step step(Inputs inputs, int seed, int count, int apart) {
    int[] rows = IntStream.range(0, count).map(r -> apart * r + seed).toArray();
    double[] u = new Noise(seed).uniforms(Purpose.SAMPLE, 0, 0, count);
    return new StepDraws.Step(inputs.condition(), rows, u);
  }

  /** Returns steps of 17 to 24 rows, so that one graph serves them all. */
  private static List<StepDraws.Step> steps(Inputs inputs, int count) {
    return IntStream.range(0, count).mapToObj(k -> step(inputs, k, 17 + k % 8, 18)).toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void draws_areThoseOfTheLogits(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FusedForward launches =
            new FusedForward(manager, GraphForwardGpuTest.kernels(manager, each), weights);
        FrozenForward graphs = graphs(manager, each, weights)) {
      for (int call = 0; call < 2 * LENGTHS.length; call++) {
        Confidence confidence = CONFIDENCES.get(call % CONFIDENCES.size());
        Step step = Step.random(each, call);
        NDArray logits = step.logits(manager, launches);
        double[] drawn = step.draw(graphs, confidence);
        step.check(logits, drawn, confidence);
        assertThat(step.draw(graphs, confidence)).isEqualTo(drawn);
        logits.close();
      }
    }
  }

  /** The graph of eight examples makes the steps of five, beside three that nobody asks for. */
  @ParameterizedTest
  @MethodSource("cases")
  void drawsOfFewerExamples_areThoseOfTheLogits(Case each) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network =
            new Transformer(manager, each.config(), each.vocabularySize(), Precision.FLOAT32);
        Parameters parameters = RandomParameters.of(manager, network, 41);
        FrozenWeights weights =
            new FrozenWeights(manager, each.config(), parameters, Precision.BFLOAT16);
        FusedForward launches =
            new FusedForward(manager, GraphForwardGpuTest.kernels(manager, each), weights);
        FrozenForward graphs = graphs(manager, each, weights)) {
      for (int examples : new int[] {8, 5, 4}) {
        Step step = Step.random(each, examples, 60, 7);
        step.check(
            step.logits(manager, launches),
            step.draw(graphs, Confidence.PROBABILITY),
            Confidence.PROBABILITY);
      }
    }
  }

  /** The inputs of a step; every fifth row takes the likeliest token. */
  private record Step(Inputs inputs, int[] rows, double[] u) {
    static Step random(Case each, int call) {
      int i = call % LENGTHS.length;
      return random(each, EXAMPLES[i], LENGTHS[i], EVERY[i] + call / LENGTHS.length);
    }

    static Step random(Case each, int examples, int length, int every) {
      Inputs inputs = Inputs.random(each.config(), examples, length, each.vocabularySize());
      int[] rows = IntStream.range(0, examples * length).filter(row -> row % every == 0).toArray();
      double[] u = new Noise(rows.length).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
      for (int r = 0; r < u.length; r += 5) {
        u[r] = -1;
      }
      return new Step(inputs, rows, u);
    }

    NDArray logits(NDManager manager, FrozenForward way) {
      try (NDManager scope = manager.newSubManager()) {
        long[] asked = Arrays.stream(rows).asLongStream().toArray();
        NDArray logits = way.logits(inputs.zt(scope), inputs.condition(), scope.create(asked));
        logits.attach(manager);
        return logits;
      }
    }

    double[] draw(FrozenForward way, Confidence confidence) {
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      return way.draw(zt, inputs.condition(), rows, u, confidence).orElseThrow();
    }

    void check(NDArray logits, double[] drawn, Confidence confidence) {
      int vocabulary = (int) logits.getShape().get(1);
      float[] all = logits.toFloatArray();
      int apart = 1 + rows.length / MOST_CHECKED;
      for (int r = 0; r < rows.length; r += apart) {
        double[] mu = softmax(Arrays.copyOfRange(all, r * vocabulary, (r + 1) * vocabulary));
        int token = (int) drawn[r];
        double before = Arrays.stream(mu, 0, token).sum();
        if (u[r] < 0) {
          double most = Arrays.stream(mu).max().orElseThrow();
          assertThat(mu[token]).isCloseTo(most, within(ROUNDING * most));
        } else {
          assertThat(u[r]).isBetween(before - ROUNDING, before + mu[token] + ROUNDING);
        }
        double probability = drawn[rows.length + r];
        assertThat(probability).isCloseTo(mu[token], within(2 * ROUNDING * mu[token] + 1e-6));
        double value = drawn[2 * rows.length + r];
        assertThat(value).isCloseTo(confidence(mu, token, confidence), within(2 * ROUNDING));
      }
    }

    private static double[] softmax(float[] logits) {
      double most = IntStream.range(0, logits.length).mapToDouble(v -> logits[v]).max().orElse(0);
      double[] mu = new double[logits.length];
      Arrays.setAll(mu, v -> Math.exp(logits[v] - most));
      double sum = Arrays.stream(mu).sum();
      return Arrays.stream(mu).map(e -> e / sum).toArray();
    }

    private static double confidence(double[] mu, int token, Confidence confidence) {
      double[] sorted = Arrays.stream(mu).sorted().toArray();
      return switch (confidence) {
        case PROBABILITY -> mu[token];
        case MARGIN -> sorted[sorted.length - 1] - sorted[sorted.length - 2];
        case NEGATIVE_ENTROPY -> Arrays.stream(mu).map(p -> p > 0 ? p * Math.log(p) : 0).sum();
      };
    }
  }
}
