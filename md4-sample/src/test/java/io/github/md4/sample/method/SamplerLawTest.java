// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.BorrowedKernels;
import io.github.md4.sample.GenerativeModel;
import io.github.md4.sample.Sampler;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SampleRequest;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The samples' law, of three positions and three tokens, against the enumeration of all that can
 * happen, which knows nothing of plans: every step draws one of V + 1 outcomes at each mask.
 *
 * <p>The false-alarm rate of each comparison is 1e-6.
 */
@Tag("statistical")
final class SamplerLawTest {
  private static final int LENGTH = 3;
  private static final int TOKENS = 3;
  private static final int SAMPLES = 10_007;
  private static final ContextDenoiser DENOISER = new ContextDenoiser(TOKENS);

  private final NDManager manager = NDManager.newBaseManager();
  private final DrawKernels kernels = new DrawKernels(manager);

  @AfterEach
  void close() {
    kernels.close();
    manager.close();
  }

  /** Both grids, one step, and an epsilon that leaves a fifth of all positions over. */
  static List<ExactLaw> laws() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    MaskingSchedule wide = new MaskingSchedule(new Curve.Linear(), 0.2);
    SamplingGrid cosine = new SamplingGrid.Cosine();
    SamplingGrid uniform = new SamplingGrid.Uniform();
    return List.of(
        new ExactLaw(DENOISER, linear, new SamplingSteps(cosine, 3), Leftovers.ARGMAX),
        new ExactLaw(
            DENOISER,
            new MaskingSchedule(new Curve.Cosine()),
            new SamplingSteps(uniform, 4),
            Leftovers.ARGMAX),
        new ExactLaw(DENOISER, wide, new SamplingSteps(uniform, 2), Leftovers.ARGMAX),
        new ExactLaw(DENOISER, wide, new SamplingSteps(uniform, 2), Leftovers.DRAWN),
        new ExactLaw(DENOISER, linear, new SamplingSteps(cosine, 1), Leftovers.ARGMAX));
  }

  static Stream<SamplingMethod> ancestral(ExactLaw law) {
    return Stream.of(
        new ExactMethod.Ancestral(law.steps(), law.leftovers()),
        new ExactMethod.Mean(law.steps(), law.leftovers()),
        // At these probabilities float32 noise loses nothing.
        new ApproximateMethod.ReferenceAncestral(law.steps(), law.leftovers()),
        new ApproximateMethod.ReferenceMean(law.steps(), law.leftovers()));
  }

  @ParameterizedTest
  @MethodSource("laws")
  void samples_followTheEnumeratedLaw(ExactLaw law) {
    ancestral(law)
        .forEach(method -> law.check(counts(law.schedule(), method, TokenLaw.MODEL, DENOISER)));
  }

  /** A template: the law given what is frozen, and what is frozen stays. */
  @ParameterizedTest
  @MethodSource("laws")
  void infilling_followsTheEnumeratedLaw(ExactLaw law) {
    int[] template = {TOKENS, 2, TOKENS};
    ExactLaw from = law.from(template, 0);
    ancestral(law)
        .forEach(
            method -> {
              SampleRequest request = request(template, 1);
              Sampler sampler = sampler(law.schedule(), method, TokenLaw.MODEL, DENOISER);
              from.check(ExactLaw.counts(sampler.sample(request)));
            });
  }

  /** From the middle: two of the steps are behind, and what is masked then is all there is. */
  @Test
  void reconstruction_followsTheEnumeratedLaw() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 5);
    int[] template = {TOKENS, TOKENS, 1};
    ExactLaw law = new ExactLaw(DENOISER, linear, steps, Leftovers.DRAWN).from(template, 2);
    ancestral(law)
        .forEach(
            method -> {
              Sampler sampler = sampler(linear, method, TokenLaw.MODEL, DENOISER);
              law.check(ExactLaw.counts(sampler.sample(request(template, 0.6))));
            });
  }

  static Stream<TokenLaw> tokenLaws() {
    return Stream.of(
        TokenLaw.of(new TokenLaw.TopP(0.6)),
        TokenLaw.of(new TokenLaw.TopK(2)),
        new TokenLaw(0.4, List.of()),
        new TokenLaw(2, List.of(new TokenLaw.TopK(2), new TokenLaw.TopP(0.55))),
        new TokenLaw(0, List.of()));
  }

  @ParameterizedTest
  @MethodSource("tokenLaws")
  void tokenLaws_followTheEnumeratedLaw(TokenLaw tokens) {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear());
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 3);
    ExactLaw law = new ExactLaw(new LawDenoiser(DENOISER, tokens), linear, steps, Leftovers.DRAWN);
    ancestral(law).forEach(method -> law.check(counts(linear, method, tokens, DENOISER)));
  }

  /** One position at a time, each order as likely as any other; the network ignores the time. */
  @Test
  void firstHitting_followsTheLawOfAnyOrder() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear(), 0);
    Denoiser timeless =
        (zt, condition, rows) ->
            DENOISER.logits(zt, Condition.at(0.5, condition.times().length), rows);
    SamplingMethod method = new ExactMethod.FirstHitting(Leftovers.DRAWN);
    double[] law = AnyOrderLaw.of(DENOISER, LENGTH, 0.5);
    ExactLaw.check(law, counts(linear, method, TokenLaw.MODEL, timeless));
  }

  /** Remasking is a law of its own; whether is drawn here, what by the network. */
  @Test
  void remasking_followsItsEnumeratedLaw() {
    MaskingSchedule linear = new MaskingSchedule(new Curve.Linear(), 0.05);
    SamplingSteps steps = new SamplingSteps(new SamplingGrid.Uniform(), 5);
    ExactLaw plain = new ExactLaw(DENOISER, linear, steps, Leftovers.DRAWN);
    long[] without = counts(linear, new ExactMethod.Ancestral(steps), TokenLaw.MODEL, DENOISER);
    for (Remasking remasking :
        new Remasking[] {new Remasking.Cap(0.3), new Remasking.Rescale(0.8)}) {
      SamplingMethod method = new ApproximateMethod.Remasked(steps, remasking, Leftovers.DRAWN);
      double[] law = plain.remasked(remasking);
      ExactLaw.check(law, counts(linear, method, TokenLaw.MODEL, DENOISER));
      // The test has power: without remasking the law is another.
      assertThat(ExactLaw.statistic(law, without)).isGreaterThan(ExactLaw.bound(law, without));
    }
  }

  private long[] counts(
      MaskingSchedule schedule, SamplingMethod method, TokenLaw tokens, Denoiser denoiser) {
    int[] masks = {TOKENS, TOKENS, TOKENS};
    Sampler sampler = sampler(schedule, method, tokens, denoiser);
    return ExactLaw.counts(sampler.sample(request(masks, 1)));
  }

  private static SampleRequest request(int[] template, double from) {
    List<InitialSequence> sequences =
        LongStream.range(0, SAMPLES).mapToObj(i -> new InitialSequence(template, i)).toList();
    return new SampleRequest(sequences, 79, 5_003, from);
  }

  private Sampler sampler(
      MaskingSchedule schedule, SamplingMethod method, TokenLaw tokens, Denoiser denoiser) {
    GenerativeModel model = new GenerativeModel(denoiser, new TokenSpace(TOKENS), schedule);
    return new BorrowedKernels(manager, kernels).sampler(model, method, tokens);
  }
}
