// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.TinySampling;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Samples where each token has its power, of three positions and three tokens, against the
 * enumeration of all that can happen: every step draws one of V + 1 outcomes at each mask (spec,
 * Section 3.5). The false-alarm rate of each comparison is 1e-6.
 */
final class GenMd4SamplerTest {
  private static final int LENGTH = 3;
  private static final int TOKENS = 3;
  private static final int SAMPLES = 10_007;
  private static final int[] MASKS = {TOKENS, TOKENS, TOKENS};
  private static final ContextDenoiser DENOISER = new ContextDenoiser(TOKENS);
  private static final GenMd4Schedule SCHEDULE =
      new GenMd4Schedule(new double[] {0.4, 2.5, 1.1}, 1e-4);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  static List<SamplingSteps> steps() {
    return List.of(
        new SamplingSteps(new SamplingGrid.Cosine(), 3),
        new SamplingSteps(new SamplingGrid.Uniform(), 4),
        new SamplingSteps(new SamplingGrid.Cosine(), 1));
  }

  private static double[] times(SamplingSteps steps, double from) {
    return steps.from(from).times();
  }

  @ParameterizedTest
  @MethodSource("steps")
  @Tag("statistical")
  void samples_followTheEnumeratedLaw(SamplingSteps steps) {
    double[] law = law(DENOISER, MASKS, times(steps, 1));
    for (SamplingMethod method : methods(steps)) {
      ExactLaw.check(law, counts(method, TokenLaw.MODEL, MASKS, 1));
    }
  }

  private static List<SamplingMethod> methods(SamplingSteps steps) {
    return List.of(new ExactMethod.Ancestral(steps), new ExactMethod.Mean(steps, Leftovers.DRAWN));
  }

  /** The powers matter: under equal ones the law is another. */
  @Test
  @Tag("statistical")
  void samples_doNotFollowTheLawOfEqualPowers() {
    SamplingSteps steps = steps().get(1);
    double[] equal =
        new Enumeration(GenMd4Schedule.unit(TOKENS, 1e-4), DENOISER, times(steps, 1)).from(MASKS);
    long[] counts = counts(new ExactMethod.Ancestral(steps), TokenLaw.MODEL, MASKS, 1);
    assertThat(ExactLaw.statistic(equal, counts)).isGreaterThan(2 * ExactLaw.bound(equal, counts));
  }

  @Test
  @Tag("statistical")
  void infillingFromTheMiddle_followsTheEnumeratedLaw() {
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 5);
    int[] template = {TOKENS, 2, TOKENS};
    double[] law = law(DENOISER, template, times(steps, 0.6));
    for (SamplingMethod method : methods(steps)) {
      ExactLaw.check(law, counts(method, TokenLaw.MODEL, template, 0.6));
    }
  }

  static Stream<TokenLaw> tokenLaws() {
    return SamplerLawTest.tokenLaws();
  }

  /** Tokens are drawn from another law, and kept by their own power. */
  @ParameterizedTest
  @MethodSource("tokenLaws")
  @Tag("statistical")
  void tokenLaws_followTheEnumeratedLaw(TokenLaw tokens) {
    SamplingSteps steps = steps().get(0);
    double[] law = law(new LawDenoiser(DENOISER, tokens), MASKS, times(steps, 1));
    ExactLaw.check(law, counts(new ExactMethod.Ancestral(steps), tokens, MASKS, 1));
  }

  /** Steps so short that they are continuous time, but for 1e-3 of each probability. */
  @Test
  @Tag("statistical")
  void firstHitting_followsTheLawOfShortSteps() {
    double[] times = new double[1502];
    for (int i = 0; i <= 1500; i++) {
      times[i] = Math.pow(1e-3, i / 1500.0);
    }
    double[] law = law(DENOISER, MASKS, times);
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.ARGMAX);
    ExactLaw.check(law, counts(method, TokenLaw.MODEL, MASKS, 1));
  }

  private static double[] law(KnownLaw known, int[] template, double[] times) {
    return new Enumeration(SCHEDULE, known, times).from(template);
  }

  /** All that can happen at each step. */
  private record Enumeration(GenMd4Schedule schedule, KnownLaw known, double[] times) {
    double[] from(int[] template) {
      double[] law = new double[ExactLaw.STATES];
      law[ExactLaw.state(template)] = 1;
      for (int step = 0; step < times.length - 1; step++) {
        double[] next = new double[ExactLaw.STATES];
        for (int from = 0; from < ExactLaw.STATES; from++) {
          if (law[from] > 0) {
            spread(law[from], ExactLaw.tokens(from), step, next);
          }
        }
        law = next;
      }
      return law;
    }

    private void spread(double p, int[] zt, int step, double[] into) {
      double[][] outcomes = new double[LENGTH][];
      for (int n = 0; n < LENGTH; n++) {
        outcomes[n] = outcomes(zt, n, step);
      }
      for (int to = 0; to < ExactLaw.STATES; to++) {
        int[] zs = ExactLaw.tokens(to);
        into[to] += p * outcomes[0][zs[0]] * outcomes[1][zs[1]] * outcomes[2][zs[2]];
      }
    }

    private double[] outcomes(int[] zt, int n, int step) {
      double[] law = new double[TOKENS + 1];
      if (zt[n] != TOKENS) {
        law[zt[n]] = 1;
        return law;
      }
      double[] mu = known.mu(zt, n, times[step]);
      double left = 0;
      for (int v = 0; v < TOKENS; v++) {
        double masked = Math.pow(times[step + 1] / times[step], schedule.power(v));
        law[v] = (1 - masked) * mu[v];
        left += masked * mu[v];
      }
      law[TOKENS] = left;
      return law;
    }
  }

  private long[] counts(SamplingMethod method, TokenLaw tokens, int[] template, double from) {
    return ExactLaw.counts(sampler(DENOISER, method, tokens).sample(request(template, from)));
  }

  private static SampleRequest request(int[] template, double from) {
    List<InitialSequence> sequences =
        LongStream.range(0, SAMPLES).mapToObj(i -> new InitialSequence(template, i)).toList();
    return new SampleRequest(sequences, 83, 5_003, from);
  }

  private Sampler sampler(Denoiser denoiser, SamplingMethod method, TokenLaw tokens) {
    GenerativeModel model = new GenerativeModel(denoiser, new TokenSpace(TOKENS), SCHEDULE);
    return new BorrowedKernels(manager, kernels).sampler(model, method, tokens);
  }

  /** A step at which no position draws costs nothing, and there are never more calls than steps. */
  @Test
  @Tag("exact")
  void calls_areBoundedAndFewerThanSteps() {
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Uniform(), 200));
    Sampler sampler = sampler(DENOISER, method, TokenLaw.MODEL);
    for (int seed = 0; seed < 20; seed++) {
      SampleRequest request =
          TinySampling.ofMasks(new TokenSpace(TOKENS), 1, LENGTH).withSeed(seed);
      List<Integer> calls = new ArrayList<>();
      List<Sample> samples = sampler.sample(request, (done, planned) -> calls.add(planned));
      int bound = sampler.calls(request);
      assertThat(calls).containsOnly(bound).hasSizeLessThanOrEqualTo(bound);
      assertThat(bound).isLessThan(100);
      assertThat(samples.get(0).calls()).isEqualTo(calls.size());
    }
  }

  @Test
  @Tag("exact")
  void samples_doNotDependOnTheBatch() {
    for (SamplingMethod method :
        List.of(
            new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 16)),
            new ExactMethod.FirstHitting(Leftovers.ARGMAX))) {
      Sampler sampler = sampler(DENOISER, method, TokenLaw.MODEL);
      SampleRequest request = TinySampling.ofMasks(new TokenSpace(TOKENS), 30, 7).withSeed(5);
      List<int[]> one = tokens(sampler.sample(request.withBatchSize(1)));
      List<int[]> many = tokens(sampler.sample(request.withBatchSize(11)));
      for (int i = 0; i < one.size(); i++) {
        assertThat(many.get(i)).isEqualTo(one.get(i)).doesNotContain(TOKENS);
      }
    }
  }

  private static List<int[]> tokens(List<Sample> samples) {
    return samples.stream().map(Sample::tokens).toList();
  }

  /** Each position is told of once, with times that fall. */
  @Test
  @Tag("exact")
  void listener_hearsOfEveryPositionOnce() {
    SamplingMethod method =
        new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 9));
    List<TokenEvent> events = new ArrayList<>();
    List<Sample> samples =
        sampler(DENOISER, method, TokenLaw.MODEL)
            .sample(
                TinySampling.ofMasks(new TokenSpace(TOKENS), 1, 7).withSeed(3),
                new SamplingListener() {
                  @Override
                  public void called(int done, int planned) {}

                  @Override
                  public void changed(TokenEvent event) {
                    events.add(event);
                  }
                });
    assertThat(events).extracting(TokenEvent::position).doesNotHaveDuplicates().hasSize(7);
    for (TokenEvent event : events) {
      assertThat(event.token()).isEqualTo(samples.get(0).tokens()[event.position()]);
      assertThat(event.point().time())
          .isEqualTo(new SamplingGrid.Cosine().time(event.point().step(), 9));
    }
    assertThat(events)
        .extracting(event -> event.point().step())
        .isSortedAccordingTo(Integer::compare);
  }

  @Test
  @Tag("exact")
  void sampler_refusesMethodsThatNeedACurve() {
    for (SamplingMethod method : Methods.all(4)) {
      if (method instanceof ExactMethod) {
        assertThat(sampler(DENOISER, method, TokenLaw.MODEL)).isNotNull();
      } else {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> sampler(DENOISER, method, TokenLaw.MODEL))
            .withMessageStartingWith("where the schedule is learned, sampler must be ancestral")
            .withMessageEndingWith(": " + method.name() + ", " + method.draw());
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sampler(DENOISER, new ExactMethod.LeftToRight(), TokenLaw.MODEL))
        .withMessage("sampler autoregressive needs an autoregressive model");
    assertThat(Arrays.asList(ExactMethod.class.getPermittedSubclasses())).hasSize(4);
  }
}
