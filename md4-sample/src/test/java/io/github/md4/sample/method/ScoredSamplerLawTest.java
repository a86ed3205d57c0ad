// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.GenerativeModel;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The samplers of score entropy, of tauLDR and of uniform noise against enumerations of all that
 * can happen. The false-alarm rate of each comparison is 1e-6.
 */
@Tag("statistical")
final class ScoredSamplerLawTest {
  private static final ContextDenoiser DENOISER = new ContextDenoiser(3);

  private static final MaskingSchedule SCHEDULE = SqueezedSchedule.LINEAR.schedule();

  private static final SamplingSteps STEPS = new SamplingSteps(new SamplingGrid.Uniform(), 4);

  private static final int[] MASKS = {3, 3, 3};

  private static final int[] TEMPLATE = {3, 1, 3};

  private final DrawnSamples samples = DrawnSamples.open();

  @AfterEach
  void close() {
    samples.close();
  }

  /** Scores whose sum is exp(0.3) r, told by logits less a shift. */
  private record Larger() implements ScoreForm {
    private static final double MORE = 0.3;

    @Override
    public boolean isNormalised() {
      return false;
    }

    @Override
    public double shift(TokenSpace space, MaskingSchedule schedule, double t) {
      return MORE + t;
    }

    /** Returns logits f with {@code f + shift = log mu + MORE}. */
    static Denoiser denoiser() {
      return (zt, condition, rows) -> {
        float[] times = new float[(int) rows.size()];
        long[] row = rows.toLongArray();
        for (int r = 0; r < times.length; r++) {
          times[r] = (float) condition.times()[(int) row[r] / 3];
        }
        return DENOISER
            .logits(zt, condition, rows)
            .sub(zt.getManager().create(times).expandDims(1));
      };
    }
  }

  private static GenerativeModel masked(
      Denoiser denoiser, ScoreForm form, SqueezedSchedule schedule) {
    return new GenerativeModel(
        denoiser, new TokenSpace(3), schedule.schedule(), new Generation.Unmasking(form));
  }

  /** The probability that a mask becomes a token in a step. */
  @FunctionalInterface
  private interface Revealed {
    /**
     * Returns the probability.
     *
     * @param sum of the scores' ratios
     */
    double of(SqueezedSchedule schedule, double s, double t, double sum);

    Revealed EULER = (schedule, s, t, sum) -> Math.min(1, sum * schedule.rate(t) * (t - s));
    Revealed ANALYTIC =
        (schedule, s, t, sum) ->
            Math.min(1, sum * (schedule.alpha(s) - schedule.alpha(t)) / (1 - schedule.alpha(t)));
    Revealed LEAP = (schedule, s, t, sum) -> 1 - Math.exp(-sum * schedule.rate(t) * (t - s));
  }

  /** A step with scores whose ratios add up to {@code sum}. */
  private static double[] scoredStep(int[] z, int n, double t, double revealed) {
    if (z[n] != 3) {
      return StepwiseLaw.stays(z[n]);
    }
    double[] mu = DENOISER.mu(z, n, t);
    return new double[] {revealed * mu[0], revealed * mu[1], revealed * mu[2], 1 - revealed};
  }

  /** Returns the law when all steps are over, with what is still masked. */
  private static double[] stepsLaw(
      Revealed revealed, SqueezedSchedule schedule, double sum, int correctors, int... template) {
    double[] law = StepwiseLaw.at(template);
    for (int i = 0; i < 4; i++) {
      double t = 1 - i / 4.0;
      double s = 1 - (i + 1) / 4.0;
      double p = revealed.of(schedule, s, t, sum);
      law = StepwiseLaw.after(law, i, (z, n, unused) -> scoredStep(z, n, t, p));
      for (int c = 0; c < correctors && i < 3; c++) {
        law = corrected(law, schedule, s, sum, template);
      }
    }
    return law;
  }

  /** Returns the law after a corrector of a quarter at s. */
  private static double[] corrected(
      double[] law, SqueezedSchedule schedule, double s, double sum, int... template) {
    double back = 1 - Math.exp(-sum * schedule.rate(s) / 4);
    double again = 1 - Math.exp(schedule.slope(s) / schedule.alpha(s) / 4);
    return StepwiseLaw.after(
        law,
        0,
        (z, n, unused) -> {
          if (z[n] == 3 || template[n] != 3) {
            return scoredStep(z, n, s, back);
          }
          double[] p = new double[4];
          p[z[n]] = 1 - again;
          p[3] = again;
          return p;
        });
  }

  private static double[] scoredLaw(
      Revealed revealed, SqueezedSchedule schedule, double sum, int correctors, int... template) {
    double[] law = stepsLaw(revealed, schedule, sum, correctors, template);
    return StepwiseLaw.after(law, 4, (z, n, unused) -> scoredStep(z, n, 0, 1));
  }

  /** The same, with the likeliest token at what is still masked. */
  private static double[] filledLaw(Revealed revealed, SqueezedSchedule schedule, int... template) {
    double[] law = stepsLaw(revealed, schedule, 1, 0, template);
    return StepwiseLaw.after(
        law,
        4,
        (z, n, unused) -> StepwiseLaw.stays(z[n] == 3 ? DENOISER.mostLikely(z, n, 0) : z[n]));
  }

  @ParameterizedTest
  @EnumSource(SqueezedSchedule.class)
  void scoredSteps_followTheirEnumeratedLaws(SqueezedSchedule schedule) {
    double more = Math.exp(Larger.MORE);
    GenerativeModel normalised = masked(DENOISER, new ScoreForm.Softmax(), schedule);
    GenerativeModel larger = masked(Larger.denoiser(), new Larger(), schedule);
    for (int[] template : new int[][] {MASKS, TEMPLATE}) {
      SamplingMethod euler = new ApproximateMethod.Euler(STEPS, Leftovers.DRAWN);
      samples.check(
          scoredLaw(Revealed.EULER, schedule, 1, 0, template), normalised, euler, template);
      samples.check(
          scoredLaw(Revealed.EULER, schedule, more, 0, template), larger, euler, template);
      SamplingMethod analytic = new ApproximateMethod.Analytic(STEPS, Leftovers.DRAWN);
      samples.check(
          scoredLaw(Revealed.ANALYTIC, schedule, more, 0, template), larger, analytic, template);
    }
  }

  @ParameterizedTest
  @EnumSource(SqueezedSchedule.class)
  void scoredSteps_fillWhatIsLeftWithTheLikeliest(SqueezedSchedule schedule) {
    GenerativeModel model = masked(DENOISER, new ScoreForm.Softmax(), schedule);
    SamplingMethod euler = new ApproximateMethod.Euler(STEPS, Leftovers.ARGMAX);
    samples.check(filledLaw(Revealed.EULER, schedule, MASKS), model, euler, MASKS);
    SamplingMethod leaps = new ApproximateMethod.TauLeaping(STEPS, 0, Leftovers.ARGMAX);
    samples.check(filledLaw(Revealed.LEAP, schedule, MASKS), model, leaps, MASKS);
  }

  @ParameterizedTest
  @CsvSource({"0, LINEAR", "1, LINEAR", "2, LINEAR", "0, SQUARE", "2, SQUARE"})
  void tauLeaping_followsItsEnumeratedLaw(int correctors, SqueezedSchedule schedule) {
    SamplingMethod method = new ApproximateMethod.TauLeaping(STEPS, correctors, Leftovers.DRAWN);
    double more = Math.exp(Larger.MORE);
    for (int[] template : new int[][] {MASKS, TEMPLATE}) {
      samples.check(
          scoredLaw(Revealed.LEAP, schedule, 1, correctors, template),
          masked(DENOISER, new ScoreForm.Softmax(), schedule),
          method,
          template);
      samples.check(
          scoredLaw(Revealed.LEAP, schedule, more, correctors, template),
          masked(Larger.denoiser(), new Larger(), schedule),
          method,
          template);
    }
  }

  @Test
  void trajectories_mayChangeATokenOnlyWithCorrectors() {
    for (int correctors : new int[] {0, 1, 2}) {
      SamplingMethod method = new ApproximateMethod.TauLeaping(STEPS, correctors, Leftovers.DRAWN);
      assertThat(method.under(SCHEDULE).isFinal()).isEqualTo(correctors == 0);
    }
    assertThat(new ApproximateMethod.Euler(STEPS, Leftovers.DRAWN).under(SCHEDULE).isFinal())
        .isTrue();
  }

  /** With scores that add up to r, the analytic step is the ancestral one. */
  @Test
  void analyticSteps_areAncestralWhereScoresAddUp() {
    ExactLaw law = new ExactLaw(DENOISER, SCHEDULE, STEPS, Leftovers.DRAWN);
    SamplingMethod method = new ApproximateMethod.Analytic(STEPS, Leftovers.DRAWN);
    law.check(
        ExactLaw.counts(
            samples.of(
                masked(DENOISER, new ScoreForm.Softmax(), SqueezedSchedule.LINEAR),
                method,
                MASKS)));
  }

  /** The network is told the time at which as many are masked. */
  @Test
  void randomOrder_followsTheLawOfAnyOrder() {
    GenerativeModel model = masked(DENOISER, new ScoreForm.Softmax(), SqueezedSchedule.LINEAR);
    for (int tokens : new int[] {1, 2, 3}) {
      double[] law = new double[ExactLaw.STATES];
      add(law, MASKS.clone(), 1, tokens);
      samples.check(law, model, new ApproximateMethod.RandomOrder(tokens), MASKS);
    }
  }

  /** Fills each set of so many masks, as likely as any other, independently. */
  private static void add(double[] law, int[] z, double probability, int tokens) {
    int[] masks = java.util.stream.IntStream.range(0, 3).filter(n -> z[n] == 3).toArray();
    if (masks.length == 0) {
      law[ExactLaw.state(z)] += probability;
      return;
    }
    double t = SCHEDULE.timeWhenMasked(masks.length / 3.0);
    int size = Math.min(tokens, masks.length);
    List<Integer> sets =
        java.util.stream.IntStream.range(0, 1 << masks.length)
            .filter(set -> Integer.bitCount(set) == size)
            .boxed()
            .toList();
    for (int set : sets) {
      fill(law, z, z.clone(), masks, set, t, probability / sets.size(), tokens);
    }
  }

  private static void fill(
      double[] law, int[] z, int[] next, int[] masks, int set, double t, double p, int tokens) {
    if (set == 0) {
      add(law, next, p, tokens);
      return;
    }
    int position = masks[Integer.numberOfTrailingZeros(set)];
    double[] mu = DENOISER.mu(z, position, t);
    for (int v = 0; v < 3; v++) {
      int[] filled = next.clone();
      filled[position] = v;
      fill(law, z, filled, masks, set & (set - 1), t, p * mu[v], tokens);
    }
  }

  @Test
  void methods_sayWhichModelsTheyHaveNoFormFor() {
    SamplingMethod hitting = new ExactMethod.FirstHitting(Leftovers.DRAWN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hitting.under(SCHEDULE, new Generation.UniformNoise()))
        .withMessage(
            "where the noise is uniform, sampler must be ancestral or tau-leaping, with the exact"
                + " draw: first-hitting, exact");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hitting.under(SCHEDULE, new Generation.LeftToRight()))
        .withMessage(
            "where the model is autoregressive, sampler must be autoregressive: first-hitting");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ExactMethod.LeftToRight().under(SCHEDULE))
        .withMessage("sampler autoregressive needs an autoregressive model");
    assertThat(new ExactMethod.LeftToRight().under(SCHEDULE, new Generation.LeftToRight()))
        .isNotNull();
  }
}
