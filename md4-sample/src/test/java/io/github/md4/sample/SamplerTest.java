// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("exact")
final class SamplerTest {
  private static final int LENGTH = 13;
  private static final int TOKENS = 7;
  private static final long SEED = 83;
  private static final TokenSpace SPACE = new TokenSpace(TOKENS);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** What the network was asked. */
  private record Question(Condition condition, List<Long> rows, long[] zt) {
    int examples() {
      return zt.length / LENGTH;
    }
  }

  /** Writes down what it is asked. */
  private record RecordingDenoiser(Denoiser answering, List<Question> questions)
      implements Denoiser {
    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      List<Long> asked = new ArrayList<>();
      for (long row : rows.toLongArray()) {
        asked.add(row);
      }
      questions.add(new Question(condition, asked, zt.toLongArray()));
      return answering.logits(zt, condition, rows);
    }
  }

  /** Counts, and keeps what it hears. */
  private static final class Hearing implements SamplingListener {
    private final List<int[]> calls = new ArrayList<>();
    private final List<TokenEvent> events = new ArrayList<>();
    private final List<Sample> finished = new ArrayList<>();

    @Override
    public void called(int done, int planned) {
      calls.add(new int[] {done, planned});
    }

    @Override
    public void changed(TokenEvent event) {
      events.add(event);
    }

    @Override
    public void finished(Sample sample) {
      finished.add(sample);
    }
  }

  private final List<Question> questions = new ArrayList<>();
  private final Denoiser recording = new RecordingDenoiser(new ContextDenoiser(TOKENS), questions);
  private final Hearing hearing = new Hearing();

  static List<SamplingMethod> methods() {
    return Methods.all(17);
  }

  @Test
  void methods_areAllThereAre() {
    assertThat(methods().stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(Methods.variants(SamplingMethod.class).collect(Collectors.toSet()));
    assertThat(methods()).extracting(SamplingMethod::name).hasSize(11).contains("remask-cap");
  }

  /** Many more steps than positions, so that many steps reveal nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"cosine", "uniform"})
  void callsOfOneSequence_areItsDistinctRevealSteps(String grid) {
    SamplingSteps steps = new SamplingSteps(SamplingGrid.parse(grid), 101);
    for (int index = 0; index < 5; index++) {
      questions.clear();
      SampleRequest request = requestOf(List.of(Start.masked(SPACE, LENGTH, index)));
      Sample sample = sampler(recording, new ExactMethod.Ancestral(steps)).sample(request).get(0);
      List<Double> expected =
          revealSteps(steps, index).stream().distinct().sorted().map(steps::time).toList();
      assertThat(questions)
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
    List<Sample> samples = sampler(recording, method).sample(masks(5).withBatchSize(2), hearing);
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
    assertThat(questions).hasSize(Math.max(first, second));
    assertThat(questions.stream().mapToInt(Question::examples).sum())
        .isEqualTo(Arrays.stream(own).sum());
    assertThat(questions.subList(0, Math.min(own[0], own[1])))
        .allMatch(question -> question.examples() == 2)
        .anyMatch(q -> q.condition().times()[0] != q.condition().times()[1]);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void calls_areKnownBeforeTheFirst(SamplingMethod method) {
    SampleRequest request = masks(7).withBatchSize(3);
    Sampler sampler = sampler(recording, method);
    int planned = sampler.calls(request);
    assertThat(questions).isEmpty();
    assertThat(sampler.sample(request, hearing)).hasSize(7);
    for (int i = 0; i < hearing.calls.size(); i++) {
      assertThat(hearing.calls.get(i)).containsExactly(i + 1, planned);
    }
    if (method.isPlanned()) {
      assertThat(questions).hasSize(planned);
    } else {
      assertThat(questions).hasSizeLessThanOrEqualTo(planned);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void rows_areMaskedAndOfEveryExampleThatTakesPart(SamplingMethod method) {
    List<Sample> samples = sampler(recording, method).sample(masks(3), hearing);
    for (Question question : questions) {
      Set<Long> examples = new TreeSet<>();
      for (long row : question.rows) {
        assertThat(question.zt[(int) row]).isEqualTo(TOKENS);
        examples.add(row / LENGTH);
      }
      assertThat(examples).hasSize(question.examples());
      assertThat(question.rows).doesNotHaveDuplicates();
    }
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
    assertThat(questions).anyMatch(question -> question.examples() == 3);
  }

  /** A plan asks for each position once, the reference's loop for all that are masked. */
  @Test
  void rows_areNoMoreThanTheMethodNeeds() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 31);
    assertThat(sampler(recording, new ExactMethod.Ancestral(steps)).sample(masks(3))).hasSize(3);
    assertThat(questions.stream().mapToInt(question -> question.rows.size()).sum())
        .isEqualTo(3 * LENGTH);
    questions.clear();
    SamplingMethod reference = new ApproximateMethod.ReferenceAncestral(steps, Leftovers.ARGMAX);
    assertThat(sampler(recording, reference).sample(masks(1))).hasSize(1);
    assertThat(questions).hasSizeBetween(29, 32);
    for (Question question : questions) {
      assertThat(question.rows)
          .hasSize((int) Arrays.stream(question.zt).filter(z -> z == TOKENS).count());
    }
  }

  @Test
  void sample_ofOneStepAsksOnce() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1);
    List<Sample> samples = sampler(recording, new ExactMethod.Ancestral(steps)).sample(masks(3));
    assertThat(questions).hasSize(1);
    assertThat(questions.get(0).condition().times()).containsExactly(1, 1, 1);
    assertThat(samples).allSatisfy(sample -> assertTokens(sample.tokens()));
  }

  @Test
  void firstHitting_asksOncePerPositionAtTheTimeItIsRevealed() {
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    assertThat(sampler(recording, method).sample(masks(1), hearing)).hasSize(1);
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    double before = 1;
    assertThat(questions).hasSize(LENGTH);
    for (int call = 0; call < LENGTH; call++) {
      Question question = questions.get(call);
      TokenEvent event = hearing.events.get(call);
      assertThat(event.moment()).isEqualTo(new Moment(call, question.condition().times()[0]));
      double u = new Noise(SEED).uniform(Purpose.REVEAL, 0, 0, event.position());
      assertThat(schedule.unmaskProbability(event.moment().time(), 1)).isCloseTo(u, within(1e-12));
      assertThat(event.moment().time()).isLessThan(before);
      before = event.moment().time();
    }
  }

  /** An epsilon of 0.45 leaves almost half of all positions to the end. */
  @Test
  void leftovers_areFilledWithTheMostLikelyAtTimeZero() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Uniform(), 2);
    ReverseProcess process =
        new ReverseProcess(SPACE, new MaskingSchedule(new Curve.Linear(), 0.45), kernels);
    for (SamplingMethod method :
        List.of(
            new ExactMethod.Ancestral(steps),
            new ApproximateMethod.ReferenceAncestral(steps, Leftovers.ARGMAX),
            new ApproximateMethod.Remasked(steps, new Remasking.Cap(0.1), Leftovers.ARGMAX))) {
      questions.clear();
      int[] sample =
          new Sampler(manager, recording, process, method).sample(masks(1)).get(0).tokens();
      Question last = questions.get(questions.size() - 1);
      assertThat(last.condition().times()).containsExactly(0);
      int[] zt = Arrays.stream(last.zt).mapToInt(z -> (int) z).toArray();
      assertThat(last.rows).hasSizeGreaterThan(2);
      for (long n : last.rows) {
        assertThat(sample[(int) n])
            .isEqualTo(new ContextDenoiser(TOKENS).mostLikely(zt, (int) n, 0));
      }
      assertTokens(sample);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void frozenPositions_neverChange(SamplingMethod method) {
    List<Start> starts = new ArrayList<>();
    for (int index = 0; index < 40; index++) {
      double[] u = new Noise(5).uniforms(Purpose.SOURCE, 0, index, 2 * LENGTH);
      int[] zt = new int[LENGTH];
      for (int n = 0; n < LENGTH; n++) {
        zt[n] = u[n] < index / 39.0 ? TOKENS : (int) (TOKENS * u[LENGTH + n]);
      }
      starts.add(new Start(zt, index));
    }
    List<Sample> samples = sampler(recording, method).sample(requestOf(starts), hearing);
    for (int index = 0; index < 40; index++) {
      int[] before = starts.get(index).zt();
      int[] after = samples.get(index).tokens();
      assertTokens(after);
      for (int n = 0; n < LENGTH; n++) {
        if (before[n] != TOKENS) {
          assertThat(after[n]).isEqualTo(before[n]);
        }
      }
    }
    assertThat(samples.get(0).calls()).as("no holes, no calls").isZero();
    assertThat(hearing.events)
        .allMatch(event -> starts.get((int) event.sample()).zt()[event.position()] == TOKENS);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void samples_ofATransformerDoNotDependOnTheBatch(SamplingMethod method) {
    try (TinyTransformer network = new TinyTransformer(manager, TOKENS, 0)) {
      Sampler sampler = sampler(network.denoiser(), method);
      List<int[]> all = tokens(sampler.sample(masks(11)));
      for (int batchSize : new int[] {1, 2, 5, 100}) {
        assertThat(tokens(sampler.sample(masks(11).withBatchSize(batchSize))))
            .containsExactlyElementsOf(all);
      }
      List<Start> last = masks(11).starts().subList(7, 11);
      assertThat(tokens(sampler.sample(requestOf(last))))
          .containsExactlyElementsOf(all.subList(7, 11));
      assertThat(all.get(0)).isNotEqualTo(all.get(1));
      assertThat(tokens(sampler.sample(masks(11).withSeed(SEED + 1))).get(0))
          .isNotEqualTo(all.get(0));
      assertThat(all).allSatisfy(SamplerTest::assertTokens);
    }
  }

  /** As many rows as a call may have are asked at once, of whole sequences. */
  @ParameterizedTest
  @MethodSource("methods")
  void rowLimit_dividesACallAndChangesNoSample(SamplingMethod method) {
    SampleRequest request = masks(5);
    Setting setting = new Setting(process(), new Noise(SEED), 1);
    Asking asking = new NetworkAsking(manager, recording, kernels, method.rowDraw(TokenLaw.MODEL));
    SampleRun limited = new SampleRun(request, method.beginning(setting), 3);
    List<Sample> samples = limited.run(asking, hearing, 0);
    assertThat(questions).allMatch(q -> q.rows.size() <= 3 || q.examples() == 1);
    if (method.isPlanned()) {
      assertThat(limited.calls(0)).isEqualTo(questions.size());
    }
    assertThat(tokens(samples))
        .containsExactlyElementsOf(tokens(sampler(recording, method).sample(request)));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void events_tellTheWholeStory(SamplingMethod method) {
    List<Sample> samples = sampler(recording, method).sample(masks(3), hearing);
    Map<Long, int[]> states = new HashMap<>();
    Map<Long, Double> times = new HashMap<>();
    for (TokenEvent event : hearing.events) {
      int[] z = states.computeIfAbsent(event.sample(), s -> masks(1).starts().get(0).zt().clone());
      boolean wasMask = z[event.position()] == TOKENS;
      assertThat(event.token() == TOKENS)
          .as("a token is masked, a mask revealed")
          .isNotEqualTo(wasMask);
      if (wasMask) {
        assertThat(event.probability()).isBetween(0.0, 1.0);
      } else {
        assertThat(event.probability()).isNaN();
      }
      z[event.position()] = event.token();
      assertThat(event.moment().time())
          .isLessThanOrEqualTo(times.getOrDefault(event.sample(), 1.0));
      times.put(event.sample(), event.moment().time());
    }
    for (Sample sample : samples) {
      assertThat(states.get(sample.index())).isEqualTo(sample.tokens());
    }
    assertThat(hearing.finished).extracting(Sample::index).containsExactlyInAnyOrder(0L, 1L, 2L);
    assertThat(hearing.events.stream().anyMatch(event -> event.token() == TOKENS))
        .isEqualTo(method instanceof ApproximateMethod.Remasked);
  }

  /** The probability is the network's own, also where tokens are drawn from a truncated law. */
  @Test
  void events_haveTheNetworksProbability() {
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 2000));
    TokenLaw law = TokenLaw.of(new TokenLaw.TopK(1));
    List<Sample> unused =
        new Sampler(manager, recording, process(), method, law).sample(masks(1), hearing);
    for (int call = 0; call < questions.size(); call++) {
      int[] zt = Arrays.stream(questions.get(call).zt).mapToInt(z -> (int) z).toArray();
      for (TokenEvent event : hearing.events) {
        double time = event.moment().time();
        if (time == questions.get(call).condition().times()[0]) {
          double[] mu = new ContextDenoiser(TOKENS).mu(zt, event.position(), time);
          // The denoiser's logits are float32.
          assertThat(event.probability()).isCloseTo(mu[event.token()], within(1e-6));
        }
      }
    }
  }

  @Test
  void mean_drawnExactlyIsAncestral() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 17);
    SamplingMethod mean = new ExactMethod.Mean(steps, Leftovers.ARGMAX);
    assertThat(tokens(sampler(recording, mean).sample(masks(5))))
        .containsExactlyElementsOf(
            tokens(sampler(recording, new ExactMethod.Ancestral(steps)).sample(masks(5))));
  }

  @Test
  void labels_goWithTheirSequences() {
    List<Start> starts =
        LongStream.range(0, 6)
            .mapToObj(i -> Start.masked(SPACE, LENGTH, i).withLabel((int) i % 3))
            .toList();
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 17));
    try (TinyTransformer network = new TinyTransformer(manager, TOKENS, 3)) {
      Denoiser answering = new RecordingDenoiser(network.denoiser(), questions);
      List<int[]> all = tokens(sampler(answering, method).sample(requestOf(starts)));
      assertThat(questions.get(0).condition().labels()).containsExactly(0, 1, 2, 0, 1, 2);
      assertThat(questions)
          .allMatch(question -> question.condition().labels().length == question.examples());
      assertThat(tokens(sampler(answering, method).sample(requestOf(starts).withBatchSize(1))))
          .containsExactlyElementsOf(all);
      List<Start> other = starts.stream().map(start -> start.withLabel(2)).toList();
      assertThat(tokens(sampler(answering, method).sample(requestOf(other)))).isNotEqualTo(all);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void sample_leavesNothingBehind(SamplingMethod method) {
    try (NDManager own = manager.newSubManager()) {
      Sampler sampler =
          new Sampler(own, new ContextDenoiser(TOKENS), process(), method, TokenLaw.MODEL);
      int before = manager.getManagedArrays().size();
      own.cap();
      assertThat(sampler.sample(masks(3).withBatchSize(2))).hasSize(3);
      assertThat(own.getManagedArrays()).isEmpty();
      assertThat(manager.getManagedArrays().size()).isEqualTo(before);
    }
  }

  @Test
  void tokens_mustBeOfTheSpace() {
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    Sampler sampler = sampler(recording, method);
    SampleRequest request = requestOf(List.of(new Start(new int[] {0, TOKENS + 1}, 0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler.sample(request))
        .withMessage("a token must be in [0, 7]: 8");
  }

  private static SampleRequest masks(int count) {
    return SampleRequest.ofMasks(SPACE, count, LENGTH).withSeed(SEED);
  }

  private static SampleRequest requestOf(List<Start> starts) {
    return SampleRequest.of(starts).withSeed(SEED);
  }

  private static List<int[]> tokens(List<Sample> samples) {
    return samples.stream().map(Sample::tokens).toList();
  }

  private Sampler sampler(Denoiser denoiser, SamplingMethod method) {
    return new Sampler(manager, denoiser, process(), method);
  }

  private ReverseProcess process() {
    return new ReverseProcess(SPACE, new MaskingSchedule(new Curve.Linear()), kernels);
  }

  private static void assertTokens(int[] sample) {
    assertThat(sample).hasSize(LENGTH);
    for (int token : sample) {
      assertThat(token).isBetween(0, TOKENS - 1);
    }
  }
}
