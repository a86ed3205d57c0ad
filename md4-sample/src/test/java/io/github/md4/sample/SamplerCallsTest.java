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

/** What the network is asked, and how often. */
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
      tiny.questions.clear();
      SampleRequest request = requestOf(List.of(InitialSequence.masked(SPACE, LENGTH, index)));
      Sample sample = tiny.sampler(new ExactMethod.Ancestral(steps)).sample(request).get(0);
      List<Double> expected =
          revealSteps(steps, index).stream().distinct().sorted().map(steps::time).toList();
      assertThat(tiny.questions)
          .extracting(question -> question.condition().times()[0])
          .isEqualTo(expected);
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
    assertThat(tiny.questions).hasSize(Math.max(first, second));
    assertThat(tiny.questions.stream().mapToInt(Recording.Question::examples).sum())
        .isEqualTo(Arrays.stream(own).sum());
    assertThat(tiny.questions.subList(0, Math.min(own[0], own[1])))
        .allMatch(question -> question.examples() == 2)
        .anyMatch(q -> q.condition().times()[0] != q.condition().times()[1]);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void calls_areKnownBeforeTheFirst(SamplingMethod method) {
    SampleRequest request = masks(7).withBatchSize(3);
    Sampler sampler = tiny.sampler(method);
    int planned = sampler.calls(request);
    assertThat(tiny.questions).isEmpty();
    assertThat(sampler.sample(request, tiny.hearing)).hasSize(7);
    for (int i = 0; i < tiny.hearing.calls.size(); i++) {
      assertThat(tiny.hearing.calls.get(i)).containsExactly(i + 1, planned);
    }
    if (method.isPlanned()) {
      assertThat(tiny.questions).hasSize(planned);
    } else {
      assertThat(tiny.questions).hasSizeLessThanOrEqualTo(planned);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void rows_areMaskedAndOfEveryExampleThatTakesPart(SamplingMethod method) {
    List<Sample> samples = tiny.sampler(method).sample(masks(3), tiny.hearing);
    for (Recording.Question question : tiny.questions) {
      Set<Long> examples = new TreeSet<>();
      for (long row : question.rows()) {
        assertThat(question.zt()[(int) row]).isEqualTo(TOKENS);
        examples.add(row / LENGTH);
      }
      assertThat(examples).hasSize(question.examples());
      assertThat(question.rows()).doesNotHaveDuplicates();
    }
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
    assertThat(tiny.questions).anyMatch(question -> question.examples() == 3);
  }

  /** A plan asks for each position once, the reference's loop for all that are masked. */
  @Test
  void rows_areNoMoreThanTheMethodNeeds() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 31);
    assertThat(tiny.sampler(new ExactMethod.Ancestral(steps)).sample(masks(3))).hasSize(3);
    assertThat(tiny.questions.stream().mapToInt(question -> question.rows().size()).sum())
        .isEqualTo(3 * LENGTH);
    tiny.questions.clear();
    SamplingMethod reference = new ApproximateMethod.ReferenceAncestral(steps, Leftovers.ARGMAX);
    assertThat(tiny.sampler(reference).sample(masks(1))).hasSize(1);
    assertThat(tiny.questions).hasSizeBetween(29, 32);
    for (Recording.Question question : tiny.questions) {
      assertThat(question.rows())
          .hasSize((int) Arrays.stream(question.zt()).filter(z -> z == TOKENS).count());
    }
  }

  @Test
  void sample_ofOneStepAsksOnce() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1);
    List<Sample> samples = tiny.sampler(new ExactMethod.Ancestral(steps)).sample(masks(3));
    assertThat(tiny.questions).hasSize(1);
    assertThat(tiny.questions.get(0).condition().times()).containsExactly(1, 1, 1);
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
  }

  @Test
  void firstHitting_asksOncePerPositionAtTheTimeItIsRevealed() {
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    assertThat(tiny.sampler(method).sample(masks(1), tiny.hearing)).hasSize(1);
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    double before = 1;
    assertThat(tiny.questions).hasSize(LENGTH);
    for (int call = 0; call < LENGTH; call++) {
      Recording.Question question = tiny.questions.get(call);
      TokenEvent event = tiny.hearing.events.get(call);
      assertThat(event.moment()).isEqualTo(new GridPoint(call, question.condition().times()[0]));
      double u = new Noise(SEED).uniform(Purpose.REVEAL, 0, 0, event.position());
      assertThat(schedule.unmaskProbability(event.moment().time(), 1)).isCloseTo(u, within(1e-12));
      assertThat(event.moment().time()).isLessThan(before);
      before = event.moment().time();
    }
  }

  /** As many rows as a call may have are asked at once, of whole sequences. */
  @ParameterizedTest
  @MethodSource("methods")
  void rowLimit_dividesACallAndChangesNoSample(SamplingMethod method) {
    SampleRequest request = masks(5);
    SamplingContext setting = new SamplingContext(tiny.process(), new Noise(SEED), 1);
    BatchedQuery asking =
        new NetworkQuery(
            tiny.manager, tiny.recording, tiny.kernels, method.rowDraw(TokenLaw.MODEL));
    SampleRun limited = new SampleRun(request, method.beginning(setting), 3);
    List<Sample> samples = limited.run(asking, tiny.hearing, 0);
    assertThat(tiny.questions).allMatch(q -> q.rows().size() <= 3 || q.examples() == 1);
    if (method.isPlanned()) {
      assertThat(limited.calls(0)).isEqualTo(tiny.questions.size());
    }
    assertThat(tokens(samples))
        .containsExactlyElementsOf(tokens(tiny.sampler(method).sample(request)));
  }

  @Test
  void labels_goWithTheirSequences() {
    List<InitialSequence> starts =
        LongStream.range(0, 6)
            .mapToObj(i -> InitialSequence.masked(SPACE, LENGTH, i).withLabel((int) i % 3))
            .toList();
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 17));
    try (TinyTransformer network = new TinyTransformer(tiny.manager, TOKENS, 3)) {
      Denoiser answering = new Recording(network.denoiser(), tiny.questions);
      List<int[]> all = tokens(tiny.sampler(answering, method).sample(requestOf(starts)));
      assertThat(tiny.questions.get(0).condition().labels()).containsExactly(0, 1, 2, 0, 1, 2);
      assertThat(tiny.questions)
          .allMatch(question -> question.condition().labels().length == question.examples());
      assertThat(tokens(tiny.sampler(answering, method).sample(requestOf(starts).withBatchSize(1))))
          .containsExactlyElementsOf(all);
      List<InitialSequence> other = starts.stream().map(start -> start.withLabel(2)).toList();
      assertThat(tokens(tiny.sampler(answering, method).sample(requestOf(other))))
          .isNotEqualTo(all);
    }
  }
}
