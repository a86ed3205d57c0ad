// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.KeptTokens;
import io.github.md4.core.internal.transformer.MasksOfAStep;
import io.github.md4.core.internal.transformer.RevealedMasks;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
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

/** Steps that mask again or draw at all masks, several at once, against steps one by one. */
@Tag("gpu")
final class MaskStepsGpuTest {
  private static final Inversion BY_MARGIN = Inversion.of(Confidence.MARGIN);
  private static final int EXAMPLES = 3;
  private static final int LENGTH = 150;

  @BeforeEach
  void needsAHopperGpu() {
    FrozenOnGpu.needHopper("steps in one launch are");
  }

  static List<Case> cases() {
    return GraphStepsGpuTest.fewCases();
  }

  /** What is kept and what is masked again changes draws, as it does where the host decides it. */
  @ParameterizedTest
  @MethodSource("cases")
  void stepsOfMasksAmongPositions_areThoseOneByOne(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 73)) {
      FrozenForward graphs = frozen.graphs();
      int mask = each.vocabularySize();
      int[] ranks = IntStream.range(0, mask).map(v -> v % 11).toArray();
      for (StepRows.Form form : List.of(StepRows.Form.KEPT, StepRows.Form.REMASKED)) {
        Inputs inputs = Inputs.random(each.config(), EXAMPLES, LENGTH, mask);
        int[] zt = flat(inputs);
        double[] weights = new double[zt.length];
        IntStream.range(0, zt.length)
            .filter(i -> zt[i] != mask)
            .forEach(i -> weights[i] = StrictMath.exp(-1.0 / (i + 1)));
        List<StepRows> rows = amongPositions(form, ranks, weights);
        List<double[]> drawn = drawn(graphs, zt.clone(), inputs, rows.iterator());
        assertThat(drawn).hasSize(rows.size());
        RevealedMasks plain = new RevealedMasks(zt, weights, LENGTH, mask);
        for (int k = 0; k < drawn.size(); k++) {
          StepRows own = rows.get(k);
          StepRows alone = new StepRows.Given(own.positions(), own.u());
          double[] expected = drawn(graphs, zt.clone(), inputs, List.of(alone).iterator()).get(0);
          assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected);
          plain.step(own, expected);
        }
      }
    }
  }

  /** Returns steps at positions in turn, of which most come back. */
  private static List<StepRows> amongPositions(StepRows.Form form, int[] ranks, double[] weights) {
    List<StepRows> steps = new ArrayList<>();
    for (int k = 0; k < 11; k++) {
      int first = k % 3;
      int[] rows = IntStream.range(0, 17 + k % 8).map(r -> 18 * r + first).toArray();
      double[] u = new Noise(k).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
      int[] least = IntStream.range(0, rows.length).map(r -> r % 13).toArray();
      RevealedMasks.Entries entries = new RevealedMasks.Entries(EXAMPLES);
      for (int b = 0; b < EXAMPLES; b++) {
        for (int round = 0; round < 2; round++) {
          for (int n = k % 6; n < LENGTH; n += 14) {
            entries.add(b, n, round, u[n / 14] / LENGTH, 1);
          }
        }
      }
      steps.add(
          form == StepRows.Form.KEPT
              ? new StepRows.Kept(rows, u, new KeptTokens(ranks, least))
              : new StepRows.Remasked(rows, u, entries.with(k == 0 ? weights : new double[0])));
    }
    return steps;
  }

  /** What is masked again before a step changes its draws, as it does where the host masks. */
  @ParameterizedTest
  @MethodSource("cases")
  void stepsThatMaskAgain_areThoseOneByOne(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 67)) {
      FrozenForward graphs = frozen.graphs();
      Inputs inputs = Inputs.random(each.config(), EXAMPLES, LENGTH, each.vocabularySize());
      List<StepRows.Given> rows = remasking(11);
      int[] zt = flat(inputs);
      List<double[]> drawn = drawn(graphs, zt.clone(), inputs, rows.iterator());
      assertThat(drawn).hasSize(rows.size());
      for (int k = 0; k < drawn.size(); k++) {
        StepRows.Given own = rows.get(k);
        Arrays.stream(own.masked()).forEach(i -> zt[i] = each.vocabularySize());
        StepRows.Given alone = new StepRows.Given(own.positions(), own.u());
        double[] expected = drawn(graphs, zt.clone(), inputs, List.of(alone).iterator()).get(0);
        assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected);
        for (int r = 0; r < own.count(); r++) {
          zt[own.positions()[r]] = (int) expected[r];
        }
      }
      List<double[]> unmasked =
          drawn(
              graphs,
              flat(inputs),
              inputs,
              rows.stream().map(own -> new StepRows.Given(own.positions(), own.u())).iterator());
      assertThat(unmasked.get(0)).isEqualTo(drawn.get(0));
      assertThat(unmasked.get(10)).isNotEqualTo(drawn.get(10));
    }
  }

  /** Returns steps of which each masks half of what the one before has drawn. */
  private static List<StepRows.Given> remasking(int count) {
    List<StepRows.Given> steps = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      int first = k;
      int[] rows = IntStream.range(0, 17 + k % 8).map(r -> 18 * r + first).toArray();
      int[] masked =
          k == 0
              ? new int[0]
              : Arrays.stream(steps.get(k - 1).positions()).filter(i -> i % 2 == 0).toArray();
      double[] u = new Noise(k).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
      steps.add(new StepRows.Given(rows, u, masked));
    }
    return steps;
  }

  /**
   * From masks only to the last mask: the host makes the same choice of the draws that it is told,
   * so that steps draw from the logits of the host's tokens, at the host's masks. One in three is
   * looked at; what an earlier one chose otherwise would show in it.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void stepsAtMasks_goOnWithTheSurestTokens(Case each) {
    try (FrozenOnGpu frozen = new FrozenOnGpu(each, 71)) {
      FrozenForward graphs = frozen.graphs();
      FusedForward launches = frozen.launches();
      Inputs inputs = Inputs.random(each.config(), EXAMPLES, LENGTH, each.vocabularySize());
      int[] zt = new int[EXAMPLES * LENGTH];
      Arrays.fill(zt, each.vocabularySize());
      int done = 0;
      int goes = 0;
      while (Arrays.stream(zt).anyMatch(token -> token == each.vocabularySize())) {
        Ahead ahead = new Ahead(zt, each.vocabularySize(), done);
        Iterator<double[]> go =
            graphs.drawAhead(
                zt.clone(),
                IntStream.range(0, 64)
                    .mapToObj(ahead::at)
                    .takeWhile(rows -> rows.count() > 0)
                    .<Step>map(rows -> new Step(inputs.condition(), rows))
                    .iterator(),
                BY_MARGIN);
        goes++;
        for (int k = 0; go.hasNext(); k++, done++) {
          double[] drawn = go.next();
          MasksOfAStep masks = ahead.of(zt, k);
          assertThat(drawn).as("step %d", done).hasSize(3 * masks.asked().length);
          if (done % 3 == 0) {
            check(frozen, launches, inputs, zt, masks, drawn);
          }
          for (int r : masks.chosen(drawn)) {
            zt[masks.asked()[r]] = (int) drawn[r];
          }
        }
      }
      assertThat(done).isGreaterThan(3 * goes);
    }
  }

  /** Steps from given tokens on; the number of masks of each follows from those before it. */
  private static final class Ahead {
    private static final int STAY = 7;
    private final int mask;
    private final int done;
    private final int[] counts = new int[EXAMPLES];

    Ahead(int[] zt, int mask, int done) {
      this.mask = mask;
      this.done = done;
      IntStream.range(0, zt.length).filter(i -> zt[i] == mask).forEach(i -> counts[i / LENGTH]++);
    }

    /** Of the examples, the later ones take more tokens a step, and end before the first. */
    private static int stay(int example) {
      return STAY + 2 * example;
    }

    StepRows.Masks at(int k) {
      int[] left = new int[EXAMPLES];
      int[] stay = new int[EXAMPLES];
      int[] ends = new int[EXAMPLES];
      Arrays.setAll(left, b -> Math.max(0, counts[b] - k * stay(b)));
      Arrays.setAll(stay, Ahead::stay);
      Arrays.fill(ends, LENGTH);
      double[] u = new Noise(done + k).uniforms(Purpose.SAMPLE, 0, 0, EXAMPLES * LENGTH);
      double[] noise = new Noise(done + k).uniforms(Purpose.ORDER, 0, 0, EXAMPLES * LENGTH);
      return new StepRows.Masks(left, u, new StepRows.Choice(ends, stay, noise, 0.7));
    }

    /** Returns a step whose masks are those of given tokens, which are as many as it says. */
    MasksOfAStep of(int[] zt, int k) {
      StepRows.Masks rows = at(k);
      int[] asked = IntStream.range(0, zt.length).filter(i -> zt[i] == mask).toArray();
      assertThat(asked).hasSize(rows.count());
      return new MasksOfAStep(rows, asked);
    }
  }

  private static void check(
      FrozenOnGpu frozen,
      FusedForward launches,
      Inputs inputs,
      int[] zt,
      MasksOfAStep masks,
      double[] drawn) {
    int[][] shown = new int[EXAMPLES][];
    Arrays.setAll(shown, b -> Arrays.copyOfRange(zt, b * LENGTH, (b + 1) * LENGTH));
    double[] u = Arrays.stream(masks.asked()).mapToDouble(i -> masks.rows().u()[i]).toArray();
    DrawnStep step =
        new DrawnStep(new Inputs(shown, inputs.times(), inputs.labels()), masks.asked(), u);
    try (NDArray logits = step.logits(frozen.manager, launches)) {
      step.check(logits, drawn, BY_MARGIN);
    }
  }

  private static List<double[]> drawn(
      FrozenForward graphs, int[] zt, Inputs inputs, Iterator<? extends StepRows> rows) {
    List<Step> steps = new ArrayList<>();
    rows.forEachRemaining(own -> steps.add(new Step(inputs.condition(), own)));
    List<double[]> drawn = new ArrayList<>();
    graphs.drawAhead(zt, steps.iterator(), BY_MARGIN).forEachRemaining(drawn::add);
    return drawn;
  }

  private static int[] flat(Inputs inputs) {
    return Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
  }
}
