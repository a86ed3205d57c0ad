// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.LENGTH;
import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.requestOf;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.method.ApproximateMethod;
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
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs whose steps the network makes in goes, against runs of one call after another. */
@Tag("exact")
final class StepsAheadTest {
  private static final SamplingMethod UNIFORM =
      new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 50));

  /** A network that keeps some steps ahead of the draws that are read, on tokens of its own. */
  private static final class Ahead implements Denoiser, StepDraws {
    private static final int QUEUED = 4;

    private final ContextDenoiser law = new ContextDenoiser(TOKENS);
    private final TinySampling tiny;
    private final int longest;
    private final List<Integer> goes = new ArrayList<>();
    private int withEnded;

    /**
     * @param longest the most steps of a go, as if another call ended it
     */
    Ahead(TinySampling tiny, int longest) {
      this.tiny = tiny;
      this.longest = longest;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return law.logits(zt, condition, rows);
    }

    @Override
    public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
      goes.add(0);
      Queue<double[]> drawn = new ArrayDeque<>();
      IntStream.range(0, QUEUED).forEach(k -> launch(zt, steps, inversion, drawn));
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return !drawn.isEmpty();
        }

        @Override
        public double[] next() {
          double[] next = drawn.remove();
          launch(zt, steps, inversion, drawn);
          return next;
        }
      };
    }

    private void launch(
        int[] zt, Iterator<Step> steps, Inversion inversion, Queue<double[]> drawn) {
      int last = goes.size() - 1;
      if (goes.get(last) == longest || !steps.hasNext()) {
        return;
      }
      goes.set(last, goes.get(last) + 1);
      Step step = steps.next();
      int examples = step.condition().times().length;
      StepRows asked = step.rows();
      long active =
          IntStream.range(0, examples).filter(b -> before(asked, b + 1) > before(asked, b)).count();
      withEnded += active < examples ? 1 : 0;
      assertThat(2 * active).isGreaterThanOrEqualTo(examples);
      drawn.add(
          PlainSteps.make(
              zt, asked, TOKENS, (rows, u) -> drawn(zt, step.condition(), rows, u, inversion)));
    }

    private static int before(StepRows rows, int example) {
      return rows.before(example, example * LENGTH);
    }

    private double[] drawn(
        int[] zt, Condition condition, int[] asked, double[] u, Inversion inversion) {
      try (NDManager scope = tiny.manager.newSubManager()) {
        long[] tokens = Arrays.stream(zt).asLongStream().toArray();
        NDArray shown = scope.create(tokens, new Shape(zt.length / LENGTH, LENGTH));
        NDArray rows = scope.create(Arrays.stream(asked).asLongStream().toArray());
        NDArray logits = law.logits(shown, condition, rows);
        assertThat(inversion.temperature()).isEqualTo(1); // no test here has another
        return tiny.kernels
            .draw(scope, logits, scope.create(u), inversion.confidence())
            .toDoubleArray();
      }
    }
  }

  /** A list of what a listener hears, in its order. */
  private static final class Heard implements SamplingListener {
    private final List<String> all = new ArrayList<>();

    @Override
    public void called(int done, int planned) {
      all.add("call %d of %d".formatted(done, planned));
    }

    @Override
    public void changed(TokenEvent event) {
      all.add(event.toString());
    }

    @Override
    public void finished(Sample sample) {
      all.add(text(sample));
    }
  }

  private static String text(Sample sample) {
    return "sample %d %s %s %d"
        .formatted(
            sample.index(),
            Arrays.toString(sample.tokens()),
            Arrays.toString(sample.filled()),
            sample.calls());
  }

  /** Returns what a listener hears, and then the samples. */
  private static List<String> run(
      TinySampling tiny, Denoiser network, SamplingMethod method, SampleRequest request) {
    Heard heard = new Heard();
    List<Sample> samples = tiny.sampler(network, method).sample(request, heard);
    samples.forEach(sample -> heard.all.add(text(sample)));
    return heard.all;
  }

  static Stream<SamplingMethod> methods() {
    return Stream.of(Stream.of(UNIFORM), Methods.all(17).stream(), orders())
        .flatMap(Function.identity());
  }

  /** Returns methods that draw at all masks of a part, of whose tokens some stay, and Dream's. */
  private static Stream<SamplingMethod> orders() {
    return Stream.of(
        new PublishedMethod.Dream(PublishedMethod.Algorithm.ORIGIN, 9, 0),
        new PublishedMethod.Dream(PublishedMethod.Algorithm.RADD, 40, 0),
        new PublishedMethod.Dream(PublishedMethod.Algorithm.MASKGIT_PLUS, 5, 0),
        new PublishedMethod.Dream(PublishedMethod.Algorithm.ENTROPY, 30, 0.4),
        new PublishedMethod.Blocks(
            BlockCounts.LLADA, 7, 5, PublishedMethod.Remasking.LOW_CONFIDENCE, 0),
        new PublishedMethod.Blocks(BlockCounts.DLLM, 9, 4, PublishedMethod.Remasking.RANDOM, 0));
  }

  static Stream<SamplingMethod> queued() {
    return Stream.concat(
        orders(),
        Methods.all(17).stream()
            .filter(
                method ->
                    method instanceof ApproximateMethod.Ordered
                        || (method instanceof ApproximateMethod.Remasked remasked
                            && remasked.remasking().isPlanned())));
  }

  /** The host waits for no draws where the network makes all steps of a batch itself. */
  @ParameterizedTest
  @MethodSource("queued")
  void stepsThatRevealSomeOrMaskAgain_areMadeInOneGo(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      Ahead ahead = new Ahead(tiny, Integer.MAX_VALUE);
      SampleRequest request = masks(1).withBatchSize(1);
      int calls = tiny.sampler(ahead, method).calls(request);
      List<String> unused = run(tiny, ahead, method, request);
      assertThat(ahead.goes).hasSize(1);
      assertThat(ahead.goes.get(0)).isBetween(3, calls);
    }
  }

  /** Returns a full batch, one in which sequences wait for others, and one of unequal holes. */
  private static List<SampleRequest> requests() {
    return List.of(
        masks(6).withBatchSize(6),
        masks(7).withBatchSize(3),
        holes(0).withBatchSize(8),
        holes(0).withBatchSize(2));
  }

  /** Returns sequences of so many masks, one more, and so on. */
  private static SampleRequest holes(int fewest) {
    return requestOf(
        IntStream.range(0, 8)
            .mapToObj(
                b -> {
                  int[] zt = new int[LENGTH];
                  Arrays.fill(zt, 0, fewest + b, TOKENS);
                  return new InitialSequence(zt, b);
                })
            .toList());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void eventsAndSamples_areThoseOfCallsOneByOne(SamplingMethod method) {
    try (TinySampling tiny = new TinySampling()) {
      for (SampleRequest request : requests()) {
        List<String> expected = run(tiny, new ContextDenoiser(TOKENS), method, request);
        for (int longest : new int[] {1, 5, Integer.MAX_VALUE}) {
          assertThat(run(tiny, new Ahead(tiny, longest), method, request))
              .containsExactlyElementsOf(expected);
        }
      }
    }
  }

  @Test
  void endedSequences_stayWhileHalfGoOn() {
    try (TinySampling tiny = new TinySampling()) {
      Ahead ahead = new Ahead(tiny, Integer.MAX_VALUE);
      int calls = tiny.sampler(ahead, UNIFORM).calls(masks(8).withBatchSize(8));
      List<String> unused = run(tiny, ahead, UNIFORM, masks(8).withBatchSize(8));
      assertThat(ahead.withEnded).isPositive();
      // Each go leaves fewer than half: of eight, at most three, and then one, which go on alone.
      assertThat(ahead.goes).hasSizeLessThanOrEqualTo(3);
      assertThat(calls).isGreaterThan(10);
    }
  }
}
