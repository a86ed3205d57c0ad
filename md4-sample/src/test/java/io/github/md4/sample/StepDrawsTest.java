// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.InvertedRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.law.LogitCuts;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.BlockCounts;
import io.github.md4.sample.method.ContextDenoiser;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks that draw themselves, in some calls and not in others, one step or several at once. */
@Tag("exact")
final class StepDrawsTest {

  /** A network that makes two of three draws itself. */
  private static final class Drawing implements Denoiser, StepDraws {
    private final ContextDenoiser law = new ContextDenoiser(TinySampling.TOKENS);
    private final NDManager manager;
    private int asked;
    private int drawn;

    Drawing(TinySampling tiny) {
      this.manager = tiny.manager;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return law.logits(zt, condition, rows);
    }

    @Override
    public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
      return takesNext()
          ? List.of(make(new PlainSteps(zt, TinySampling.TOKENS), steps.next(), inversion))
              .iterator()
          : Collections.emptyIterator();
    }

    /** Calls the network twice, and mixes what it says in a plain loop. */
    @Override
    public Optional<StepDraws> with(Guided guided) {
      return Optional.of(
          (zt, steps, inversion) -> {
            drawn++;
            Step step = steps.next();
            double[] draws =
                new PlainSteps(zt, TinySampling.TOKENS)
                    .make(
                        step.rows(),
                        (rows, u) -> mixed(guided, zt, step.condition(), rows, u, inversion));
            return List.of(draws).iterator();
          });
    }

    private double[] mixed(
        Guided guided, int[] zt, Condition condition, int[] rows, double[] u, Inversion inversion) {
      try (NDManager scope = manager.newSubManager()) {
        NDArray with = logits(scope, zt, condition, rows);
        Condition untold = guided.conditionWithout(condition);
        NDArray without = logits(scope, guided.tokensWithout(zt), untold, rows);
        float[] mixed = with.toFloatArray();
        float[] other = without.toFloatArray();
        for (int i = 0; i < mixed.length; i++) {
          mixed[i] = other[i] + (mixed[i] - other[i]) * (float) guided.factor();
        }
        return new InvertedRows(mixed, TinySampling.TOKENS, inversion).drawn(u);
      }
    }

    private boolean takesNext() {
      return ++asked % 3 != 0;
    }

    private double[] make(PlainSteps go, Step step, Inversion inversion) {
      drawn++;
      return go.make(
          step.rows(), (rows, u) -> draws(go.zt(), step.condition(), rows, u, inversion));
    }

    private double[] draws(
        int[] zt, Condition condition, int[] rows, double[] u, Inversion inversion) {
      assertThat(u).hasSameSizeAs(rows);
      try (NDManager scope = manager.newSubManager()) {
        return InvertedRows.of(logits(scope, zt, condition, rows), inversion).drawn(u);
      }
    }

    private NDArray logits(NDManager scope, int[] zt, Condition condition, int[] rows) {
      int examples = condition.times().length;
      long[] tokens = Arrays.stream(zt).asLongStream().toArray();
      NDArray shown = scope.create(tokens, new Shape(examples, zt.length / examples));
      NDArray flat = scope.create(Arrays.stream(rows).asLongStream().toArray());
      return law.logits(shown, condition, flat);
    }
  }

  /** A network that makes the first three of several steps in one go, putting draws in place. */
  private static final class Ahead implements Denoiser, StepDraws {
    private final Drawing one;
    private int most;

    Ahead(TinySampling tiny) {
      this.one = new Drawing(tiny);
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return one.logits(zt, condition, rows);
    }

    @Override
    public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
      PlainSteps go = new PlainSteps(zt, TinySampling.TOKENS);
      List<double[]> drawn = new ArrayList<>();
      while (steps.hasNext() && drawn.size() < 3) {
        Step step = steps.next();
        if (!one.takesNext()) {
          break;
        }
        drawn.add(one.make(go, step, inversion));
      }
      most = Math.max(most, drawn.size());
      return drawn.iterator();
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void tokens_areThoseOfStepsOneByOne(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      SampleRequest request = masks(5).withBatchSize(3);
      Ahead ahead = new Ahead(tiny);
      Sampler oneByOne = tiny.sampler(new ContextDenoiser(TinySampling.TOKENS), method);
      List<int[]> expected = tokens(oneByOne.sample(request));
      List<Integer> planned = new ArrayList<>();
      Sampler several = tiny.sampler(ahead, method);
      List<int[]> drawn =
          tokens(
              several.sample(
                  request,
                  (done, of) -> {
                    planned.add(done);
                    assertThat(done).isLessThanOrEqualTo(of);
                  }));
      assertThat(drawn).containsExactlyElementsOf(expected);
      if (several.isPlanned()) {
        assertThat(planned).hasSize(several.calls(request));
      }
    }
  }

  @Test
  void ancestralSteps_areMadeSeveralAtOnce() {
    try (TinySampling tiny = new TinySampling()) {
      Ahead ahead = new Ahead(tiny);
      List<Sample> unused =
          tiny.sampler(
                  ahead,
                  new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 50)))
              .sample(masks(4).withBatchSize(2));
      assertThat(ahead.most).isBetween(2, 3);
    }
  }

  static List<List<TokenLaw.Truncation>> truncations() {
    TokenLaw.Truncation tokens = new TokenLaw.TopK(2);
    TokenLaw.Truncation mass = new TokenLaw.TopP(0.7);
    return List.of(
        List.of(), List.of(tokens), List.of(mass), List.of(mass, tokens), List.of(tokens, mass));
  }

  /** A truncation that is none of likely tokens. */
  private static final class LastToken implements TokenLaw.Truncation {
    @Override
    public String text() {
      return "last";
    }

    @Override
    public NDArray cut(LogitCuts cuts, NDManager scope, NDArray logits) {
      long last = logits.getShape().get(1) - 1;
      NDArray cut = logits.zerosLike().add(Float.NEGATIVE_INFINITY);
      cut.set(new NDIndex(":, {}", last), 0);
      return cut;
    }
  }

  /** The network draws by any temperature and from likely tokens itself, and by no other law. */
  @ParameterizedTest
  @MethodSource("methods")
  void tokensByATemperature_areThoseOfLogitsAndDraws(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      SampleRequest request = masks(4).withBatchSize(2);
      for (List<TokenLaw.Truncation> truncations : truncations()) {
        double[] cold = {0, 0.6};
        double[] any = {0, 1e-300, 0.6, 1.7};
        for (double temperature : truncations.isEmpty() ? any : cold) {
          TokenLaw law = new TokenLaw(temperature, truncations);
          Ahead ahead = new Ahead(tiny);
          List<int[]> expected =
              tokens(
                  tiny.sampler(new ContextDenoiser(TinySampling.TOKENS), method, law)
                      .sample(request));
          assertThat(tokens(tiny.sampler(ahead, method, law).sample(request)))
              .as("%s", law)
              .containsExactlyElementsOf(expected);
          if (method instanceof ExactMethod) {
            assertThat(ahead.one.drawn).isPositive();
          }
        }
      }
      Drawing cut = new Drawing(tiny);
      TokenLaw law = new TokenLaw(0.6, List.of(new LastToken()));
      List<int[]> unused = tokens(tiny.sampler(cut, method, law).sample(request));
      assertThat(cut.asked).isZero();
    }
  }

  /** Where a prompt guides it, the network mixes its logits with and without the prompt itself. */
  @ParameterizedTest
  @EnumSource(PublishedMethod.Remasking.class)
  void tokensByAPrompt_areThoseOfLogitsAndDraws(PublishedMethod.Remasking remasking) {
    try (TinySampling tiny = new TinySampling()) {
      List<InitialSequence> sequences = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int[] zt = new int[TinySampling.LENGTH];
        Arrays.fill(zt, TinySampling.SPACE.maskToken());
        zt[1] = i;
        zt[5] = 6 - i;
        sequences.add(new InitialSequence(zt, i));
      }
      SampleRequest request = TinySampling.requestOf(sequences).withBatchSize(3);
      for (double guidance : new double[] {0, 0.5, 3}) {
        SamplingMethod method =
            new PublishedMethod.Blocks(BlockCounts.LLADA, 8, 4, remasking, guidance);
        List<int[]> expected =
            tokens(tiny.sampler(new ContextDenoiser(TinySampling.TOKENS), method).sample(request));
        Drawing drawing = new Drawing(tiny);
        assertThat(tokens(tiny.sampler(drawing, method).sample(request)))
            .as("guidance %s", guidance)
            .containsExactlyElementsOf(expected);
        assertThat(drawing.drawn).isPositive();
        assertThat(drawing.asked > 0).isEqualTo(guidance == 0);
      }
    }
  }

  static List<SamplingMethod> methods() {
    return Methods.all(17);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void tokens_areThoseOfLogitsAndDraws(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      SampleRequest request = masks(5).withBatchSize(3);
      Drawing drawing = new Drawing(tiny);
      List<int[]> expected =
          tokens(tiny.sampler(new ContextDenoiser(TinySampling.TOKENS), method).sample(request));
      assertThat(tokens(tiny.sampler(drawing, method).sample(request)))
          .containsExactlyElementsOf(expected);
      if (method instanceof ExactMethod) {
        assertThat(drawing.drawn).isPositive();
      }
    }
  }
}
