// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.LENGTH;
import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.requestOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.diffusion.Denoiser;
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
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.Arrays;
import java.util.List;
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

  private static List<String> run(
      TinySampling tiny, Denoiser network, SamplingMethod method, SampleRequest request) {
    return Heard.run(tiny.sampler(network, method), request);
  }

  static Stream<SamplingMethod> methods() {
    return Stream.of(Stream.of(UNIFORM), Methods.all(17).stream(), orders())
        .flatMap(Function.identity())
        .filter(method -> !method.name().equals("remask-confidence")); // other calls of a batch
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
      QueuedSteps ahead = new QueuedSteps(tiny, Integer.MAX_VALUE);
      SampleRequest request = masks(1).withBatchSize(1);
      int calls = tiny.sampler(ahead, method).calls(request);
      List<String> unused = run(tiny, ahead, method, request);
      assertThat(ahead.goes()).hasSize(1);
      assertThat(ahead.goes().get(0)).isBetween(3, calls);
    }
  }

  /** Returns a full batch, one in which sequences wait for others, and one of unequal holes. */
  static List<SampleRequest> requests() {
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
          assertThat(run(tiny, new QueuedSteps(tiny, longest), method, request))
              .containsExactlyElementsOf(expected);
        }
      }
    }
  }

  @Test
  void endedSequences_stayWhileHalfGoOn() {
    try (TinySampling tiny = new TinySampling()) {
      QueuedSteps ahead = new QueuedSteps(tiny, Integer.MAX_VALUE);
      int calls = tiny.sampler(ahead, UNIFORM).calls(masks(8).withBatchSize(8));
      List<String> unused = run(tiny, ahead, UNIFORM, masks(8).withBatchSize(8));
      assertThat(ahead.withEnded()).isPositive();
      // Each go leaves fewer than half: of eight, at most three, and then one, which go on alone.
      assertThat(ahead.goes()).hasSizeLessThanOrEqualTo(3);
      assertThat(calls).isGreaterThan(10);
    }
  }
}
