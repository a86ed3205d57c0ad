// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.LENGTH;
import static io.github.md4.sample.TinySampling.SEED;
import static io.github.md4.sample.TinySampling.SPACE;
import static io.github.md4.sample.TinySampling.TOKENS;
import static io.github.md4.sample.TinySampling.assertTokens;
import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.requestOf;
import static io.github.md4.sample.TinySampling.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.NetworkQuery;
import io.github.md4.sample.internal.service.CallCount;
import io.github.md4.sample.internal.service.SampleRun;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the calls of the network: their number and their content. */
@Tag("exact")
final class SamplerCallsTest {
  private final TinySampling tiny = new TinySampling();

  @AfterEach
  void close() {
    tiny.close();
  }

  static List<SamplingMethod> methods() {
    return Methods.all(17);
  }

  /** Many more steps than positions, so that many steps reveal nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"cosine", "uniform"})
  void callsOfOneSequence_areItsDistinctRevealSteps(String grid) {
    SamplingSteps steps = new SamplingSteps(SamplingGrid.parse(grid), 101);
    for (int index = 0; index < 5; index++) {
      tiny.calls.clear();
      SampleRequest request = requestOf(List.of(InitialSequence.masked(SPACE, LENGTH, index)));
      Sample sample = tiny.sampler(new ExactMethod.Ancestral(steps)).sample(request).get(0);
      List<Double> expected =
          revealSteps(steps, index).stream().distinct().sorted().map(steps::time).toList();
      assertThat(tiny.calls).extracting(call -> call.condition().times()[0]).isEqualTo(expected);
      assertThat(sample.calls()).isEqualTo(expected.size()).isLessThan(LENGTH + 1);
    }
  }

  /** The steps that reveal each position of a sample, from plain sums of chances. */
  private static List<Integer> revealSteps(SamplingSteps steps, int index) {
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    List<Integer> revealSteps = new ArrayList<>();
    for (int n = 0; n < LENGTH; n++) {
      double u = new Noise(SEED).uniform(Purpose.REVEAL, 0, index, n);
      double masked = 1;
      int step = 0;
      while (step < steps.steps()) {
        masked *= 1 - schedule.unmaskProbability(steps.time(step + 1), steps.time(step));
        if (u < 1 - masked) {
          break;
        }
        step++;
      }
      revealSteps.add(step);
    }
    return revealSteps;
  }

  /** A call serves all sequences of a batch, each at its own time; places do not stay empty. */
  @Test
  void callsOfABatch_serveSequencesAtTimesOfTheirOwn() {
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 101));
    List<Sample> samples = tiny.sampler(method).sample(masks(5).withBatchSize(2), tiny.hearing);
    int[] own = samples.stream().mapToInt(Sample::calls).toArray();
    int first = own[0];
    int second = own[1];
    for (int next = 2; next < 5; next++) { // the place that is free first takes the next
      if (first <= second) {
        first += own[next];
      } else {
        second += own[next];
      }
    }
    assertThat(tiny.calls).hasSize(Math.max(first, second));
    assertThat(tiny.calls.stream().mapToInt(Recording.Call::examples).sum())
        .isEqualTo(Arrays.stream(own).sum());
    assertThat(tiny.calls.subList(0, Math.min(own[0], own[1])))
        .allMatch(call -> call.examples() == 2)
        .anyMatch(q -> q.condition().times()[0] != q.condition().times()[1]);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void calls_areKnownBeforeTheFirst(SamplingMethod method) {
    SampleRequest request = masks(7).withBatchSize(3);
    Sampler sampler = tiny.sampler(method);
    int planned = sampler.calls(request);
    assertThat(tiny.calls).isEmpty();
    assertThat(sampler.sample(request, tiny.hearing)).hasSize(7);
    for (int i = 0; i < tiny.hearing.calls.size(); i++) {
      assertThat(tiny.hearing.calls.get(i)).containsExactly(i + 1, planned);
    }
    if (sampler.isPlanned()) {
      assertThat(tiny.calls).hasSize(planned);
    } else {
      assertThat(tiny.calls).hasSizeLessThanOrEqualTo(planned);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void rows_areMaskedAndOfEveryExampleThatTakesPart(SamplingMethod method) {
    List<Sample> samples = tiny.sampler(method).sample(masks(3), tiny.hearing);
    for (Recording.Call call : tiny.calls) {
      Set<Long> examples = new TreeSet<>();
      for (long row : call.rows()) {
        assertThat(call.zt()[(int) row]).isEqualTo(TOKENS);
        examples.add(row / LENGTH);
      }
      assertThat(examples).hasSize(call.examples());
      assertThat(call.rows()).doesNotHaveDuplicates();
    }
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
    assertThat(tiny.calls).anyMatch(call -> call.examples() == 3);
  }

  /** A plan draws each position once, the reference's loop every masked position at each step. */
  @Test
  void rows_areNoMoreThanTheMethodNeeds() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 31);
    assertThat(tiny.sampler(new ExactMethod.Ancestral(steps)).sample(masks(3))).hasSize(3);
    assertThat(tiny.calls.stream().mapToInt(call -> call.rows().size()).sum())
        .isEqualTo(3 * LENGTH);
    tiny.calls.clear();
    SamplingMethod reference = new ApproximateMethod.ReferenceAncestral(steps, Leftovers.ARGMAX);
    assertThat(tiny.sampler(reference).sample(masks(1))).hasSize(1);
    assertThat(tiny.calls).hasSizeBetween(29, 32);
    for (Recording.Call call : tiny.calls) {
      assertThat(call.rows())
          .hasSize((int) Arrays.stream(call.zt()).filter(z -> z == TOKENS).count());
    }
  }

  @Test
  void sample_ofOneStepCallsOnce() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1);
    List<Sample> samples = tiny.sampler(new ExactMethod.Ancestral(steps)).sample(masks(3));
    assertThat(tiny.calls).hasSize(1);
    assertThat(tiny.calls.get(0).condition().times()).containsExactly(1, 1, 1);
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
  }

  @Test
  void firstHitting_callsOncePerPositionAtTheTimeItIsRevealed() {
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    assertThat(tiny.sampler(method).sample(masks(1), tiny.hearing)).hasSize(1);
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    double before = 1;
    assertThat(tiny.calls).hasSize(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      Recording.Call call = tiny.calls.get(i);
      TokenEvent event = tiny.hearing.events.get(i);
      assertThat(event.point()).isEqualTo(new GridPoint(i, call.condition().times()[0]));
      double u = new Noise(SEED).uniform(Purpose.REVEAL, 0, 0, event.position());
      assertThat(schedule.unmaskProbability(event.point().time(), 1)).isCloseTo(u, within(1e-12));
      assertThat(event.point().time()).isLessThan(before);
      before = event.point().time();
    }
  }

  /** A call has as many rows as are allowed, of whole sequences. */
  @ParameterizedTest
  @MethodSource("methods")
  void rowLimit_dividesACallAndChangesNoSample(SamplingMethod method) {
    SampleRequest request = masks(5);
    SamplingContext context = new SamplingContext(SPACE, new Noise(SEED), 1);
    SamplingProcedure procedure = method.under(TinySampling.SCHEDULE);
    BatchedQuery query =
        new NetworkQuery(
            tiny.manager, tiny.recording, tiny.kernels, procedure.draw(), TokenLaw.MODEL);
    SampleRun limited = new SampleRun(request, procedure.trajectories(context), 3);
    List<Sample> samples = limited.run(query, tiny.hearing, 0);
    assertThat(tiny.calls).allMatch(q -> q.rows().size() <= 3 || q.examples() == 1);
    if (procedure.isPlanned()) {
      assertThat(CallCount.of(request, procedure.rows(context), 3)).isEqualTo(tiny.calls.size());
    }
    assertThat(tokens(samples))
        .containsExactlyElementsOf(tokens(tiny.sampler(method).sample(request)));
  }

  @Test
  void labels_goWithTheirSequences() {
    List<InitialSequence> sequences =
        LongStream.range(0, 6)
            .mapToObj(i -> InitialSequence.masked(SPACE, LENGTH, i).withLabel((int) i % 3))
            .toList();
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 17));
    try (TinyTransformer network = new TinyTransformer(tiny.manager, TOKENS, 3)) {
      Denoiser recording = new Recording(network.denoiser(), tiny.calls);
      List<int[]> all = tokens(tiny.sampler(recording, method).sample(requestOf(sequences)));
      assertThat(tiny.calls.get(0).condition().labels()).containsExactly(0, 1, 2, 0, 1, 2);
      assertThat(tiny.calls).allMatch(call -> call.condition().labels().length == call.examples());
      assertThat(
              tokens(tiny.sampler(recording, method).sample(requestOf(sequences).withBatchSize(1))))
          .containsExactlyElementsOf(all);
      List<InitialSequence> other = sequences.stream().map(each -> each.withLabel(2)).toList();
      assertThat(tokens(tiny.sampler(recording, method).sample(requestOf(other))))
          .isNotEqualTo(all);
    }
  }
}
