// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("exact")
final class MaskedDiffusionTest {
  static final SamplingOptions OPTIONS =
      SamplingOptions.defaults()
          .withMethod(new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 20)));

  @TempDir private Path folder;
  private NDManager manager;
  private MaskedDiffusion model;

  @BeforeEach
  void load() throws IOException {
    TinyModelFolder.write(folder);
    manager = NDManager.newBaseManager(Device.cpu());
    model = TinyModelFolder.load(folder, manager);
  }

  @AfterEach
  void close() {
    model.close();
  }

  static List<SamplingMethod> methods() {
    return Methods.all(20);
  }

  private static List<int[]> tokens(List<Sample> samples) {
    return samples.stream().map(Sample::tokens).toList();
  }

  /** Eight threads request at once what one thread has requested before. */
  @Test
  void requests_ofManyThreadsGetWhatOneGets() throws InterruptedException, ExecutionException {
    int requests = 24;
    List<List<int[]>> alone = new ArrayList<>();
    for (int seed = 0; seed < requests; seed++) {
      alone.add(tokens(model.generate(3, OPTIONS.withSeed(seed))));
    }
    int before = manager.getManagedArrays().size();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<List<Sample>>> results = new ArrayList<>();
      for (int seed = 0; seed < requests; seed++) {
        SamplingOptions options = OPTIONS.withSeed(seed);
        results.add(threads.submit(() -> model.generate(3, options)));
      }
      for (int seed = 0; seed < requests; seed++) {
        assertThat(tokens(results.get(seed).get())).containsExactlyElementsOf(alone.get(seed));
      }
    } finally {
      threads.shutdown();
    }
    assertThat(manager.getManagedArrays().size())
        .as("what requests leave behind")
        .isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void infill_keepsTheTemplate(SamplingMethod method) {
    SamplingOptions options = OPTIONS.withMethod(method);
    for (int seed = 0; seed < 5; seed++) {
      Sample filled = model.infill("ca[MASK*3] [MASK]b", options.withSeed(seed));
      assertThat(model.text(filled.tokens())).matches("ca[abc \\[\\]]{3} [abc \\[\\]]b");
    }
  }

  @Test
  void infill_refusesATemplateWithoutAHole() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.infill("cab", OPTIONS))
        .withMessageStartingWith("a template must have a hole");
  }

  /** Each sequence keeps its place, and depends on no other, whatever their lengths. */
  @Test
  void generate_takesSequencesOfSeveralLengths() {
    List<InitialSequence> sequences =
        List.of(
            model.template("a[MASK*4]", 0),
            model.template("[MASK*2]", 1),
            model.template("[MASK*3]bc", 2),
            model.template("abc", 3));
    List<Sample> samples = model.generate(sequences, OPTIONS, SamplingListener.none());
    assertThat(samples).extracting(Sample::index).containsExactly(0L, 1L, 2L, 3L);
    for (int i = 0; i < sequences.size(); i++) {
      List<Sample> alone =
          model.generate(List.of(sequences.get(i)), OPTIONS, SamplingListener.none());
      assertThat(samples.get(i).tokens()).isEqualTo(alone.get(0).tokens());
    }
    assertThat(samples.get(3).calls()).isZero();
    assertThat(model.generate(List.of(), OPTIONS, SamplingListener.none())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void reconstruct_keepsWhatIsNotMasked(SamplingMethod method) {
    List<int[]> x = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      x.add(model.description().tokenizer().encode("abc cab a"));
    }
    SamplingOptions options = OPTIONS.withMethod(method).withFrom(0.6);
    List<InitialSequence> sequences = model.maskedInPart(x, options);
    List<Sample> samples = model.generate(sequences, options, SamplingListener.none());
    int masked = 0;
    for (int i = 0; i < 50; i++) {
      int[] zt = sequences.get(i).zt();
      for (int n = 0; n < 9; n++) {
        boolean isMask = zt[n] == 6;
        masked += isMask ? 1 : 0;
        assertThat(zt[n]).isIn(x.get(0)[n], 6);
        assertThat(samples.get(i).tokens()[n]).isBetween(0, 5);
        if (!isMask) {
          assertThat(samples.get(i).tokens()[n]).isEqualTo(x.get(0)[n]);
        }
      }
    }
    double expected = model.schedule().oneMinusAlpha(method.timeAt(0.6), 0);
    // 450 positions: five standard deviations, false alarm 6e-7.
    assertThat(masked / 450.0)
        .isCloseTo(expected, within(5 * Math.sqrt(expected * (1 - expected) / 450)));
  }

  /** Masks are those of the grid's own time: on the cosine grid not the share of the way. */
  @Test
  void timeAt_isTheGridsOwn() {
    assertThat(OPTIONS.method().timeAt(0.5)).isCloseTo(Math.sin(Math.PI / 4), within(1e-15));
    assertThat(OPTIONS.method().timeAt(0.51)).isEqualTo(new SamplingGrid.Cosine().time(9, 20));
    assertThat(new ExactMethod.FirstHitting(Leftovers.DRAWN).timeAt(0.51)).isEqualTo(0.51);
  }

  @Test
  void distribution_isALawAtEveryPosition() {
    InitialSequence x = model.template("abc cab a", 0);
    TokenDistribution distribution = model.distribution(x, 0.7, 3);
    assertThat(distribution.vocabularySize()).isEqualTo(6);
    assertThat(distribution.zt()).isEqualTo(model.distribution(x, 0.7, 3).zt()).contains(6);
    for (int n = 0; n < x.zt().length; n++) {
      double sum = 0;
      int[] likeliest = distribution.likeliest(n, 6);
      for (int rank = 0; rank < 6; rank++) {
        double probability = distribution.probability(n, likeliest[rank]);
        sum += probability;
        if (rank > 0) {
          assertThat(probability)
              .isLessThanOrEqualTo(distribution.probability(n, likeliest[rank - 1]));
        }
      }
      assertThat(sum).isCloseTo(1, within(1e-6));
    }
    assertThat(model.distribution(x, 0.1, 3).probabilities())
        .isNotEqualTo(distribution.probabilities());
    assertThat(Arrays.stream(model.distribution(x, 1, 3).zt()).filter(z -> z == 6).count())
        .isGreaterThan(7);
  }

  /** More groups make the error smaller, and agree with it. */
  @Test
  @Tag("statistical")
  void score_hasAStandardErrorOfItsNoiseAlone() {
    int[] x = model.description().tokenizer().encode("abc cab");
    LikelihoodEstimate few = model.score(x, ScoringOptions.defaults().seed(1).groups(4));
    LikelihoodEstimate many = model.score(x, ScoringOptions.defaults().seed(2).groups(64));
    assertThat(many.standardError()).isPositive().isLessThan(0.5 * few.standardError());
    assertThat(few.natsPerToken()).isCloseTo(many.natsPerToken(), within(12 * few.standardError()));
    assertThat(model.score("abc cab").bitsPerToken()).isPositive();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.score(x, ScoringOptions.defaults().seed(1).groups(1)))
        .withMessage("groups must be at least 2: 1");
  }

  @Test
  void wrongArguments_areRefusedAtOnce() {
    int size = model.description().tokenizer().vocabularySize();
    int longest = model.description().config().length();
    String tokens = "tokens must be in [0, " + (size - 1) + "]: ";
    String length = "a scored sequence must have 1 to " + longest + " tokens: ";
    assertRefused(() -> model.score(""), length + 0);
    assertRefused(
        () -> model.score(new int[longest + 1], ScoringOptions.defaults().seed(0).groups(2)),
        length + (longest + 1));
    assertRefused(
        () -> model.score(new int[] {0, size}, ScoringOptions.defaults().seed(0).groups(2)),
        tokens + size);
    assertRefused(
        () -> model.score(new int[] {-1}, ScoringOptions.defaults().seed(0).groups(2)),
        tokens + -1);
    assertRefused(() -> OPTIONS.withFrom(Double.NaN), "from must be in (0, 1]: NaN");
    assertRefused(() -> OPTIONS.withBatchSize(-1), "batchSize must be at least 1: -1");
    assertRefused(() -> model.generate(-1, OPTIONS), "count must be at least 1: -1");
    assertRefused(() -> model.masked(0, 1), "count must be at least 1: 0");
    assertRefused(() -> model.masked(1, -1), "length must be at least 1: -1");
    assertRefused(
        () -> model.masked(1, Integer.MAX_VALUE), "length must be at most 2^20: 2147483647");
    assertRefused(
        () -> model.masked(Long.MAX_VALUE, 2, 4),
        "first + count must be at most 2^32: 9223372036854775807");
    assertRefused(
        () ->
            model.score(new int[] {0}, ScoringOptions.defaults().seed(0).groups(Integer.MAX_VALUE)),
        "groups must be at most 2^20: 2147483647");
    InitialSequence one = new InitialSequence(new int[] {0}, 0);
    assertRefused(() -> model.distribution(one, Double.NaN, 0), "t must be in [0, 1]: NaN");
    assertRefused(
        () -> model.maskedInPart(List.of(new int[] {size + 1}), OPTIONS),
        "tokens must be in [0, " + size + "]: " + (size + 1));
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  /** The parts of a loaded model make the same samples and score. */
  @Test
  void of_isWhatALoadedModelIs() throws IOException {
    try (NDManager own = NDManager.newBaseManager(Device.cpu());
        SavedModel saved = SavedModel.load(folder, Weights.EMA, own, Precision.FLOAT32);
        MaskedDiffusion parts =
            MaskedDiffusion.of(
                saved.denoiser(), saved.schedule(), saved.description().tokenizer(), 9);
        MaskedDiffusion free =
            MaskedDiffusion.of(
                saved.denoiser(), saved.schedule(), saved.description().tokenizer())) {
      SamplingOptions options = OPTIONS.seed(5).samples(3);
      assertThat(parts.generate(options)).isEqualTo(model.generate(options));
      assertThat(free.generate(free.masked(3, 9), options, SamplingListener.none()))
          .isEqualTo(model.generate(options));
      assertThat(free.infill("ca[MASK*3]", options)).isEqualTo(model.infill("ca[MASK*3]", options));
      assertThat(parts.score("abc cab").bitsPerToken())
          .isEqualTo(model.score("abc cab").bitsPerToken());
      assertThatIllegalStateException()
          .isThrownBy(() -> free.generate(1, options))
          .withMessage("this model has no length: give one to of or to masked");
      assertThatIllegalStateException().isThrownBy(parts::description);
    }
  }

  @Test
  void sample_hasTextFilledCallsAndSeed() {
    List<Sample> heard = new ArrayList<>();
    SamplingListener listener =
        new SamplingListener() {
          @Override
          public void called(int done, int planned) {}

          @Override
          public void finished(Sample sample) {
            heard.add(sample);
          }
        };
    SamplingOptions options = OPTIONS.seed(8);
    InitialSequence template = model.template("ca[MASK*3] [MASK]b", 4);
    Sample sample = model.generate(List.of(template), options, listener).get(0);
    assertThat(heard).containsExactly(sample);
    assertThat(sample.text()).isEqualTo(model.text(sample.tokens())).startsWith("ca");
    assertThat(sample.filled()).containsExactly(2, 3, 4, 6);
    assertThat(sample.index()).isEqualTo(4);
    assertThat(sample.seed()).isEqualTo(8);
    assertThat(sample.calls()).isBetween(1, 4);
    Sample again = model.generate(List.of(template), options, listener).get(0);
    assertThat(again).isEqualTo(sample).hasSameHashCodeAs(sample);
    assertThat(again.withText("x")).isNotEqualTo(sample);
  }

  @Test
  void load_takesRunAndCheckpoint(@TempDir Path run) throws IOException {
    Path first = run.resolve("checkpoints/step-9");
    Path last = run.resolve("checkpoints/step-10");
    TinyModelFolder.write(Files.createDirectories(first));
    TinyModelFolder.write(Files.createDirectories(last));
    Files.delete(first.resolve("config.json"));
    List<Sample> expected = model.generate(1, OPTIONS.seed(1));
    for (Path path : List.of(run, last)) {
      try (MaskedDiffusion loaded = MaskedDiffusion.load(path)) {
        assertThat(loaded.generate(1, OPTIONS.seed(1))).isEqualTo(expected);
      }
    }
    Path finished = Files.createDirectories(run.resolve("model"));
    TinyModelFolder.write(finished);
    Files.delete(last.resolve("config.json"));
    try (MaskedDiffusion loaded = MaskedDiffusion.load(run)) {
      assertThat(loaded.generate(1, OPTIONS.seed(1))).isEqualTo(expected);
    }
  }

  @Test
  void load_refusesWhatIsNoModel(@TempDir Path empty) {
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> MaskedDiffusion.load(empty));
  }
}
