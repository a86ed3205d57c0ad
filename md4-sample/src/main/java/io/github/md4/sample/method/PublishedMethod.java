// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.internal.text.Call;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Samplers of published models as their authors wrote them (docs/models.md). At temperature 0 they
 * give the tokens that the authors' code gives; at others the same law by another draw. Steps that
 * reveal nothing do not call the network.
 */
public sealed interface PublishedMethod extends SamplingMethod {

  /** {@return every published method once, as {@link SamplingMethod#parse} reads its name alone} */
  static List<PublishedMethod> all() {
    return MethodText.standards();
  }

  @Override
  default boolean isExact() {
    return false;
  }

  @Override
  default boolean readsMask() {
    return true;
  }

  @Override
  default double timeAt(double from) {
    return from;
  }

  /**
   * The choice of the positions that stay at a step of LLaDA's and dllm's samplers (LLaDA, arXiv
   * 2502.09992, Section 2.4).
   */
  enum Remasking {
    /** The positions whose tokens have the highest probabilities stay. */
    LOW_CONFIDENCE,
    /** Random positions stay. */
    RANDOM;

    /**
     * {@return the choice written as {@code low-confidence} or {@code random}}
     *
     * @param text the text, as the command line and JSON hold it
     * @throws IllegalArgumentException for any other text
     */
    public static Remasking parse(String text) {
      return Choices.parse(values(), "remasking", text);
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * A sampler in blocks, from left to right: at each step a token is drawn at every masked position
   * up to the end of the block, and those with the highest confidences stay.
   *
   * @param count the rule for the number of tokens that each step reveals
   * @param steps the number of steps of all blocks together, in [1, 2^20]
   * @param block the number of masked positions of a block, at least 1
   * @param remasking the rule by which positions are chosen in each step
   * @param guidance the scale of classifier-free guidance, at least 0 and finite; 0 is the network
   *     itself
   */
  record Blocks(BlockCounts count, int steps, int block, Remasking remasking, double guidance)
      implements PublishedMethod {
    /**
     * Checks the numbers.
     *
     * @param count the rule for the number of tokens that each step reveals
     * @param steps the number of steps of all blocks together, in [1, 2^20]
     * @param block the number of masked positions of a block, at least 1
     * @param remasking the rule by which positions are chosen in each step
     * @param guidance the scale of classifier-free guidance, at least 0 and finite; 0 is the
     *     network itself
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Blocks {
      SamplingSteps.checkCount(steps);
      require(block >= 1, "block must be at least 1", block);
      require(
          guidance >= 0 && guidance < Double.POSITIVE_INFINITY,
          "guidance must be at least 0",
          guidance);
    }

    @Override
    public String text() {
      return Call.text(name(), steps, block, remasking, guidance);
    }

    @Override
    public Blocks withSteps(int count) {
      return new Blocks(this.count, count, block, remasking, guidance);
    }

    @Override
    public String name() {
      return count.toString();
    }

    @Override
    public double promptGuidance() {
      return guidance;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return BlockTrajectory.procedure(schedule, this);
    }
  }

  /** The choice of the positions that a step reveals, of Dream's samplers and of RADD's. */
  enum Algorithm {
    /** Each position is revealed with the same probability. */
    ORIGIN("dream-origin", Confidence.PROBABILITY, DreamTimes.LAST, false),
    /** A number of positions, by the probability of the drawn token under the law of the tokens. */
    MASKGIT_PLUS("dream-maskgit-plus", Confidence.PROBABILITY, DreamTimes.LAST, true),
    /** A number of positions, by the margin between the two likeliest tokens. */
    TOPK_MARGIN("dream-topk-margin", Confidence.MARGIN, DreamTimes.LAST, true),
    /** A number of positions, by the negative entropy. */
    ENTROPY("dream-entropy", Confidence.NEGATIVE_ENTROPY, DreamTimes.LAST, true),
    /** Each position with the same probability, by RADD's times, which end at 0.00001. */
    RADD("radd", Confidence.PROBABILITY, (float) Timed.LAST, false);

    private final String text;
    final Confidence confidence;
    final float lastTime; // of the last step's end
    final boolean isCounted; // whether a step reveals a number of positions

    Algorithm(String text, Confidence confidence, float lastTime, boolean isCounted) {
      this.text = text;
      this.confidence = confidence;
      this.lastTime = lastTime;
      this.isCounted = isCounted;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The rule by which a step of MDLM's and SEDD's samplers draws. */
  enum Rule {
    /**
     * MDLM's sampler with cache. When each position is revealed does not depend on the network, so
     * it is drawn first, and steps that reveal nothing make no call.
     */
    MDLM {
      @Override
      SamplingProcedure procedure(MaskingSchedule schedule, ScoreForm form, Timed method) {
        ReverseProcess process = new ReverseProcess(schedule);
        return PlannedTrajectory.procedure(
            from -> RevealTimes.Grid.of(process, method.times(from)), Leftovers.ARGMAX);
      }
    },
    /** SEDD's Euler steps, then its denoiser. */
    SEDD_EULER {
      @Override
      SamplingProcedure procedure(MaskingSchedule schedule, ScoreForm form, Timed method) {
        return byScores(schedule, form, method, ScoredStep.EULER);
      }
    },
    /** SEDD's analytic steps, then its denoiser. */
    SEDD_ANALYTIC {
      @Override
      SamplingProcedure procedure(MaskingSchedule schedule, ScoreForm form, Timed method) {
        return byScores(schedule, form, method, ScoredStep.ANALYTIC);
      }
    };

    abstract SamplingProcedure procedure(MaskingSchedule schedule, ScoreForm form, Timed method);

    private static SamplingProcedure byScores(
        MaskingSchedule schedule, ScoreForm form, Timed method, ScoredStep step) {
      return ScoredTrajectory.procedure(
          schedule,
          new ScoredTrajectory.Steps(form, method::times, step, 0, Leftovers.DRAWN),
          new RowDraw.Scored(form.isNormalised(), false),
          StepNoise.Source.OF_SEED);
    }

    @Override
    public String toString() {
      return Choices.name(this).replace('_', '-');
    }
  }

  /**
   * A sampler whose times run evenly from 1 to 0.00001, where what is still masked is revealed at
   * once.
   *
   * @param rule the draw of a step
   * @param steps the number of steps before the last, at least 1
   */
  record Timed(Rule rule, int steps) implements PublishedMethod {
    private static final double LAST = 1e-5;

    /**
     * Checks the number of steps.
     *
     * @param rule the draw of a step
     * @param steps the number of steps before the last, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Timed {
      require(steps >= 1, "steps must be at least 1", steps);
    }

    /** Returns the times from a share of the way on. */
    StepTimes times(double from) {
      int first = new SamplingSteps(new SamplingGrid.Uniform(), steps).first(from);
      return new StepTimes(
          first, IntStream.rangeClosed(first, steps).mapToDouble(this::time).toArray());
    }

    private double time(int step) {
      return step == steps ? LAST : 1 - step * (1 - LAST) / steps;
    }

    @Override
    public double timeAt(double from) {
      return times(from).time(0);
    }

    /** False: the mask is never drawn, but that a position stays masked. */
    @Override
    public boolean readsMask() {
      return false;
    }

    @Override
    public String text() {
      return Call.text(name(), steps);
    }

    @Override
    public Timed withSteps(int count) {
      return new Timed(rule, count);
    }

    @Override
    public String name() {
      return rule.toString();
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return scored(schedule, new ScoreForm.Softmax());
    }

    @Override
    public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
      return rule.procedure(schedule, form, this);
    }
  }

  /**
   * BD3-LM's samplers (arXiv 2503.09573): blocks from left to right. With steps, a step from t to
   * {@code t - 1 / steps} reveals each position with the probability {@code 1 / (steps t)}, t
   * running evenly from 1 to 0, where all that is left is revealed; without, the positions of a
   * block are revealed one by one in an order drawn uniformly (first hitting).
   *
   * @param block the number of positions of a block, at least 1, which is the network's
   * @param steps the number of steps of each block, at least 0; 0 reveals one by one
   */
  record Blockwise(int block, int steps) implements PublishedMethod {
    /**
     * Checks both.
     *
     * @param block the number of positions of a block, at least 1, which is the network's
     * @param steps the number of steps of each block, at least 0; 0 reveals one by one
     * @throws IllegalArgumentException if one is out of its range
     */
    public Blockwise {
      require(block >= 1, "block must be at least 1", block);
      require(steps >= 0, "steps must be at least 0", steps);
    }

    /** Returns whether a step reveals one position. */
    boolean isOneByOne() {
      return steps == 0;
    }

    /** Returns the most steps of a block. */
    int mostSteps() {
      return isOneByOne() ? block : steps;
    }

    /** Returns the probability with which a step of a block reveals a position. */
    double share(int step) {
      if (step >= steps - 1) {
        return 1;
      }
      double t = 1 - (double) step / (steps - 1);
      return Math.min(1, 1 / (steps * t));
    }

    /** False: only a position that stays is masked. */
    @Override
    public boolean readsMask() {
      return false;
    }

    @Override
    public String text() {
      return Call.text(name(), block, steps);
    }

    @Override
    public Blockwise withSteps(int count) {
      return new Blockwise(block, count);
    }

    @Override
    public String name() {
      return MethodText.BLOCKWISE;
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return BlockwiseTrajectory.procedure(schedule, this);
    }
  }

  /**
   * The diffusion_generate of Dream (arXiv 2508.15487), each sequence by its own number of masks.
   *
   * @param algorithm the rule by which positions are chosen
   * @param steps the number of steps, in [1, 2^20]
   * @param temperature the temperature of the choice of positions (alg_temp), at least 0 and
   *     finite: 0 takes the surest; has no effect on {@link Algorithm#ORIGIN}
   */
  record Dream(Algorithm algorithm, int steps, double temperature) implements PublishedMethod {
    /**
     * Checks the numbers.
     *
     * @param steps the number of steps, in [1, 2^20]
     * @param temperature the temperature of the choice of positions (alg_temp), at least 0 and
     *     finite: 0 takes the surest; has no effect on {@link Algorithm#ORIGIN}
     * @param algorithm the rule by which positions are chosen
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Dream {
      OrderedTrajectory.Pace unused = new OrderedTrajectory.Pace(1, temperature);
      SamplingSteps.checkCount(steps);
    }

    @Override
    public String text() {
      return Call.text(name(), steps, temperature);
    }

    @Override
    public Dream withSteps(int count) {
      return new Dream(algorithm, count, temperature);
    }

    @Override
    public String name() {
      return algorithm.toString();
    }

    @Override
    public SamplingProcedure md4(MaskingSchedule schedule) {
      return algorithm.isCounted
          ? DreamTrajectory.procedure(schedule, this)
          : DreamShareTrajectory.procedure(schedule, this);
    }
  }
}
