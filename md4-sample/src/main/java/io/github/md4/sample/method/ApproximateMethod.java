// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.text.Call;

/**
 * Methods whose samples have another law than the model's reverse process (docs/sampling.md).
 * Immutable.
 */
public sealed interface ApproximateMethod extends SamplingMethod {

  @Override
  default boolean isExact() {
    return false;
  }

  /**
   * The loop of the reference with its float32 Gumbel draw, for samples as it makes them: outcomes
   * below about 1e-8 are never drawn (spec, T1). Every step calls the network for every masked
   * position.
   */
  sealed interface Reference extends ApproximateMethod, GridMethod {
    @Override
    default String draw() {
      return "reference";
    }
  }

  /**
   * The reference's ancestral step: one of V + 1 outcomes a position (spec, Section 4.2).
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record ReferenceAncestral(SamplingSteps steps, Leftovers leftovers) implements Reference {
    @Override
    public String text() {
      return MethodText.text(MethodText.REFERENCE_ANCESTRAL, steps, leftovers);
    }

    @Override
    public ReferenceAncestral withSteps(int count) {
      return new ReferenceAncestral(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return "ancestral";
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return ReferenceTrajectory.procedure(
          schedule, steps, ReferenceTrajectory.DrawCount.ONE, leftovers);
    }
  }

  /**
   * The reference's step of two draws: whether a position is revealed, and into what (spec, Section
   * 4.2).
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record ReferenceMean(SamplingSteps steps, Leftovers leftovers) implements Reference {
    @Override
    public String text() {
      return MethodText.text(MethodText.REFERENCE_MEAN, steps, leftovers);
    }

    @Override
    public ReferenceMean withSteps(int count) {
      return new ReferenceMean(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return "mean";
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return ReferenceTrajectory.procedure(
          schedule, steps, ReferenceTrajectory.DrawCount.TWO, leftovers);
    }
  }

  /** The score by which {@link Ordered} orders positions. */
  enum Order {
    /**
     * The probability of the drawn token (MaskGIT, arXiv 2202.04200; LLaDA, arXiv 2502.09992;
     * Dream's maskgit_plus).
     */
    CONFIDENCE(Confidence.PROBABILITY),
    /** The margin between the two likeliest tokens (Dream's topk_margin). */
    MARGIN(Confidence.MARGIN),
    /** The negative entropy (Dream's entropy). */
    ENTROPY(Confidence.NEGATIVE_ENTROPY);

    private final Confidence confidence;

    Order(Confidence confidence) {
      this.confidence = confidence;
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /**
   * The reveal of those positions first of which the network is surest.
   *
   * @param order the score of a position: the higher, the earlier it is revealed
   * @param tokensAStep the number of tokens that each call reveals, at least 1
   * @param temperature the temperature of the choice of positions, at least 0 and finite: 0 takes
   *     the surest
   */
  record Ordered(Order order, int tokensAStep, double temperature) implements ApproximateMethod {
    /**
     * Checks the number of tokens.
     *
     * @param tokensAStep the number of tokens that each call reveals, at least 1
     * @param temperature the temperature of the choice of positions, at least 0 and finite: 0 takes
     *     the surest
     * @param order the score of a position: the higher, the earlier it is revealed
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Ordered {
      OrderedTrajectory.Pace unused = new OrderedTrajectory.Pace(tokensAStep, temperature);
    }

    @Override
    public String text() {
      return Call.text(name(), tokensAStep, temperature);
    }

    @Override
    public String name() {
      return order.toString();
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return OrderedTrajectory.procedure(
          schedule, new OrderedTrajectory.Pace(tokensAStep, temperature), order.confidence);
    }
  }

  /**
   * A grid on which tokens are masked again on the way, so that mistakes can be corrected (ReMDM,
   * arXiv 2503.00307).
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param remasking the probability with which revealed positions are masked again
   * @param leftovers the filling of positions that are still masked at the end
   */
  record Remasked(SamplingSteps steps, Remasking remasking, Leftovers leftovers)
      implements ApproximateMethod, GridMethod {
    @Override
    public String text() {
      return MethodText.text(name(), steps, leftovers, remasking.eta());
    }

    @Override
    public Remasked withSteps(int count) {
      return new Remasked(new SamplingSteps(steps.grid(), count), remasking, leftovers);
    }

    @Override
    public String name() {
      return remasking.name();
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return RemaskingTrajectory.procedure(schedule, steps, remasking, leftovers);
    }
  }

  /**
   * An order drawn uniformly, some positions at once. One at a time it is the law for which
   * any-order models are trained (ARDM, arXiv 2110.02037).
   *
   * @param tokensAStep the number of tokens that each call reveals, at least 1
   */
  record RandomOrder(int tokensAStep) implements ApproximateMethod {
    /**
     * Checks the number of tokens.
     *
     * @param tokensAStep the number of tokens that each call reveals, at least 1
     * @throws IllegalArgumentException if a number is out of its range
     */
    public RandomOrder {
      require(tokensAStep >= 1, "tokensAStep must be at least 1", tokensAStep);
    }

    @Override
    public String text() {
      return Call.text(name(), tokensAStep);
    }

    @Override
    public String name() {
      return MethodText.RANDOM_ORDER;
    }

    @Override
    public double timeAt(double from) {
      return from;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return RandomOrderTrajectory.procedure(schedule, tokensAStep);
    }
  }

  /**
   * Steps by the scores themselves, as SEDD (arXiv 2310.16834) and tauLDR (arXiv 2205.14987) take
   * them.
   */
  sealed interface ByScores extends ApproximateMethod, GridMethod {
    @Override
    default SamplingProcedure md4(MaskingSchedule schedule) {
      return scored(schedule, new ScoreForm.Softmax());
    }
  }

  /**
   * SEDD's Euler step (arXiv 2310.16834, Section 4): the rates at the beginning of each step, times
   * its length.
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record Euler(SamplingSteps steps, Leftovers leftovers) implements ByScores {
    @Override
    public String text() {
      return MethodText.text(name(), steps, leftovers);
    }

    @Override
    public Euler withSteps(int count) {
      return new Euler(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return MethodText.EULER;
    }

    @Override
    public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
      return ScoredTrajectory.procedure(schedule, form, steps, ScoredStep.EULER, 0, leftovers);
    }
  }

  /**
   * SEDD's analytic step (Tweedie tau-leaping; arXiv 2310.16834, Section 4). With scores that add
   * up to r it is the ancestral step.
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param leftovers the filling of positions that are still masked at the end
   */
  record Analytic(SamplingSteps steps, Leftovers leftovers) implements ByScores {
    @Override
    public String text() {
      return MethodText.text(name(), steps, leftovers);
    }

    @Override
    public Analytic withSteps(int count) {
      return new Analytic(new SamplingSteps(steps.grid(), count), leftovers);
    }

    @Override
    public String name() {
      return MethodText.ANALYTIC;
    }

    @Override
    public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
      return ScoredTrajectory.procedure(schedule, form, steps, ScoredStep.ANALYTIC, 0, leftovers);
    }
  }

  /**
   * Tau-leaping (Campbell and others, arXiv 2205.14987, Section 4.2): the rates of each step are
   * those of its beginning, and a position changes at most once.
   *
   * @param steps the grid, and the number of its steps in [1, 2^20]
   * @param correctors the number of corrector steps after each step but the last, at least 0; all
   *     steps together are below 2^31
   * @param leftovers the filling of positions that are still masked at the end
   */
  record TauLeaping(SamplingSteps steps, int correctors, Leftovers leftovers) implements ByScores {
    /**
     * Checks the number of correctors.
     *
     * @param correctors the number of corrector steps after each step but the last, at least 0; all
     *     steps together are below 2^31
     * @param steps the grid, and the number of its steps in [1, 2^20]
     * @param leftovers the filling of positions that are still masked at the end
     * @throws IllegalArgumentException if a number is out of its range
     */
    public TauLeaping {
      require(correctors >= 0, "correctors must be at least 0", correctors);
      require(
          (1L + correctors) * steps.steps() <= Integer.MAX_VALUE,
          "steps and their correctors must be below 2^31",
          correctors);
    }

    @Override
    public String text() {
      return MethodText.text(name(), steps, leftovers, correctors);
    }

    @Override
    public TauLeaping withSteps(int count) {
      return new TauLeaping(new SamplingSteps(steps.grid(), count), correctors, leftovers);
    }

    @Override
    public String name() {
      return MethodText.TAU_LEAPING;
    }

    @Override
    public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
      return ScoredTrajectory.procedure(
          schedule, form, steps, ScoredStep.TAU_LEAPING, correctors, leftovers);
    }

    @Override
    public SamplingProcedure uniformNoise(MaskingSchedule schedule) {
      return UniformTrajectory.leaps(schedule, steps, correctors, leftovers);
    }
  }
}
