// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.Activation;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.diffusion.PromptGuidedDenoiser;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.Inversion.Told;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.TimeFeatures;
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

  private static final Inversion BY_MARGIN = Inversion.of(Confidence.MARGIN);

  /** Of guidance; a difference between logits is taken 1.5 times. */
  private static final double SCALE = 0.5;

  private static final List<Inversion.Cut> CUTS =
      List.of(new Inversion.Cut(20, 1), new Inversion.Cut(0, 0.9));

  private static final List<Confidence> CONFIDENCES =
      List.of(Confidence.PROBABILITY, Confidence.MARGIN, Confidence.NEGATIVE_ENTROPY);

  @BeforeEach
  void needsAHopperGpu() {
    FrozenOnGpu.needHopper("steps in one launch are");
  }

  static List<Case> cases() {
    return List.of(
        new Case(network(3, 3, Embedding.OUTSIDE, Activation.GLU), 27, 1),
        new Case(network(4, 2, Embedding.INSIDE, Activation.SWIGLU), 1003, 1),
        new Case(network(12, 12, Embedding.OUTSIDE, Activation.GEGLU), 27, 1),
        new Case(
            network(2, 2, Embedding.INSIDE, Activation.GLU).withCondition(TimeFeatures.T, 5),
            50_257,
            1));
  }

  /** Returns a small one and one of many tokens, for what no other network does otherwise. */
  static List<Case> fewCases() {
    return List.of(cases().get(0), cases().get(3));
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

  /** Each step begins with the draws of the one before, and takes other rows. */
  @ParameterizedTest
  @MethodSource("cases")
  void severalSteps_areThoseOneByOne(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 37)) {
      FrozenForward graphs = frozen.graphs();
      for (int count : new int[] {3, 8, 1, 11, 35}) {
        Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
        List<StepDraws.Step> steps = steps(inputs, count);
        int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
        List<double[]> drawn = new ArrayList<>();
        graphs.drawAhead(zt.clone(), steps.iterator(), BY_MARGIN).forEachRemaining(drawn::add);
        assertThat(drawn).hasSize(count);
        for (int k = 0; k < drawn.size(); k++) {
          StepDraws.Step step = steps.get(k);
          double[] expected = alone(graphs, zt, step, BY_MARGIN);
          assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected);
          put(zt, step, expected);
        }
      }
    }
  }

  /** With guidance each step is shown twice, and its draws are put in place in both. */
  @ParameterizedTest
  @MethodSource("cases")
  void severalGuidedSteps_areThoseOneByOne(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 59)) {
      FrozenForward graphs = frozen.graphs();
      Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
      List<StepDraws.Step> steps =
          IntStream.range(0, 11).mapToObj(k -> step(inputs, 4 * (k % 3), 17 + k % 8, 18)).toList();
      Guided guided = guided(graphs, each, steps);
      StepDraws network = StepDraws.of(guided).orElseThrow();
      Inversion inversion = new Inversion(Confidence.MARGIN, 0.8, Told.OF_NETWORK, CUTS);
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      List<double[]> drawn = new ArrayList<>();
      network.drawAhead(zt.clone(), steps.iterator(), inversion).forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(11);
      for (int k = 0; k < drawn.size(); k++) {
        StepDraws.Step step = steps.get(k);
        double[] expected = alone(network, zt, step, inversion);
        assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected);
        put(zt, step, expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void guidedDraws_areThoseOfTheMixedLogits(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 61)) {
      FrozenForward graphs = frozen.graphs();
      DrawnStep step = DrawnStep.random(each, 3, 150, 31);
      List<StepDraws.Step> steps =
          List.of(new StepDraws.Step(step.inputs().condition(), step.rows(), step.u()));
      NDArray logits = step.logits(frozen.manager, guided(frozen.launches(), each, steps));
      StepDraws network = StepDraws.of(guided(graphs, each, steps)).orElseThrow();
      for (Inversion inversion : List.of(BY_MARGIN, Inversion.of(Confidence.PROBABILITY))) {
        step.check(logits, step.draw(network, inversion), inversion, 2 * SCALE + 3);
      }
      logits.close();
    }
  }

  /** Returns guidance by every fourth position but those that are asked for. */
  private static Guided guided(FrozenForward network, Case each, List<StepDraws.Step> steps) {
    boolean[] isGiven = new boolean[150];
    for (int n = 0; n < isGiven.length; n += 4) {
      isGiven[n] = true;
    }
    steps.forEach(
        step -> Arrays.stream(step.rows().positions()).forEach(row -> isGiven[row % 150] = false));
    assertThat(isGiven).contains(true);
    return new PromptGuidedDenoiser(network, each.vocabularySize(), SCALE, isGiven);
  }

  /**
   * A call of the network, which may take the memory of a go, ends the go: the steps that run can
   * still be read, and the others are made in a go of their own.
   */
  @ParameterizedTest
  @MethodSource("fewCases")
  void aGo_isEndedByOtherCalls(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 43)) {
      FrozenForward graphs = frozen.graphs();
      Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      List<StepDraws.Step> steps = steps(inputs, 30);
      List<double[]> expected = new ArrayList<>();
      graphs.drawAhead(zt.clone(), steps.iterator(), BY_MARGIN).forEachRemaining(expected::add);
      Iterator<double[]> ended = graphs.drawAhead(zt.clone(), steps.iterator(), BY_MARGIN);
      List<double[]> drawn = new ArrayList<>(List.of(ended.next(), ended.next()));
      // More positions than before, so that the memory of the forward pass grows.
      DrawnStep.random(each, 8, 700, 90).logits(frozen.manager, graphs).close();
      ended.forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(10);
      int made = drawn.size();
      for (int k = 0; k < made; k++) {
        put(zt, steps.get(k), drawn.get(k));
      }
      graphs
          .drawAhead(zt, steps.subList(made, 30).iterator(), BY_MARGIN)
          .forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(30);
      for (int k = 0; k < 30; k++) {
        assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected.get(k));
      }
    }
  }

  /** Steps whose rows become too few or too many for the graph are left for another go. */
  @ParameterizedTest
  @MethodSource("fewCases")
  void aGo_hasStepsOfOneGraph(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 47)) {
      FrozenForward graphs = frozen.graphs();
      Inputs inputs = Inputs.random(each.config(), 3, 150, each.vocabularySize());
      int[] zt = Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
      for (int other : new int[] {60, 8}) {
        List<StepDraws.Step> steps = new ArrayList<>(steps(inputs, 12));
        steps.add(step(inputs, 12, other, 1));
        steps.addAll(steps(inputs, 5));
        List<double[]> drawn = new ArrayList<>();
        graphs.drawAhead(zt.clone(), steps.iterator(), BY_MARGIN).forEachRemaining(drawn::add);
        // 24 rows serve 16 and fewer, which are rounded up to 16.
        assertThat(drawn).hasSize(other > 24 ? 12 : 18);
      }
    }
  }

  private static double[] alone(
      StepDraws graphs, int[] zt, StepDraws.Step step, Inversion inversion) {
    StepRows.Given rows = (StepRows.Given) step.rows();
    return graphs.draw(zt, step.condition(), rows.positions(), rows.u(), inversion).orElseThrow();
  }

  private static void put(int[] zt, StepDraws.Step step, double[] drawn) {
    int[] rows = step.rows().positions();
    for (int r = 0; r < rows.length; r++) {
      zt[rows[r]] = (int) drawn[r];
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
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 31)) {
      FusedForward launches = frozen.launches();
      FrozenForward graphs = frozen.graphs();
      for (int call = 0; call < 2 * LENGTHS.length; call++) {
        int i = call % LENGTHS.length;
        Inversion inversion = Inversion.of(CONFIDENCES.get(call % CONFIDENCES.size()));
        DrawnStep step =
            DrawnStep.random(each, EXAMPLES[i], LENGTHS[i], EVERY[i] + call / LENGTHS.length);
        NDArray logits = step.logits(frozen.manager, launches);
        double[] drawn = step.draw(graphs, inversion);
        step.check(logits, drawn, inversion);
        assertThat(step.draw(graphs, inversion)).isEqualTo(drawn);
        logits.close();
      }
    }
  }

  /** Laws of other temperatures are drawn from by the same graph, in goes and alone. */
  @ParameterizedTest
  @MethodSource("fewCases")
  void drawsByATemperature_areThoseOfTheLogits(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 53)) {
      FusedForward launches = frozen.launches();
      FrozenForward graphs = frozen.graphs();
      DrawnStep step = DrawnStep.random(each, 3, 150, 31);
      NDArray logits = step.logits(frozen.manager, launches);
      for (double temperature : new double[] {0.7, 0, 1.6, 0.4, 1}) {
        for (Confidence confidence : CONFIDENCES) {
          for (Told told : Told.values()) {
            Inversion inversion = new Inversion(confidence, temperature, told);
            double[] drawn = step.draw(graphs, inversion);
            step.check(logits, drawn, inversion);
            assertThat(step.draw(graphs, inversion)).isEqualTo(drawn);
          }
        }
      }
      logits.close();
    }
  }

  /** The graph of eight examples makes the steps of five, beside three that nobody asks for. */
  @ParameterizedTest
  @MethodSource("fewCases")
  void drawsOfFewerExamples_areThoseOfTheLogits(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 41)) {
      FusedForward launches = frozen.launches();
      FrozenForward graphs = frozen.graphs();
      for (int examples : new int[] {8, 5, 4}) {
        DrawnStep step = DrawnStep.random(each, examples, 60, 7);
        step.check(
            step.logits(frozen.manager, launches),
            step.draw(graphs, Inversion.of(Confidence.PROBABILITY)),
            Inversion.of(Confidence.PROBABILITY));
      }
    }
  }
}
