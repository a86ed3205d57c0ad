// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Locale;

/**
 * Samplers of published models as their authors wrote them. At temperature 0 they give the tokens
 * that the authors' code gives; at others the same law by another draw. Steps that reveal nothing
 * do not call the network.
 */
public sealed interface PublishedMethod extends SamplingMethod {

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

  /** The positions that stay at a step of LLaDA's and dllm's samplers. */
  enum Remasking {
    /** Those whose tokens have the highest probabilities. */
    LOW_CONFIDENCE,
    /** Random ones. */
    RANDOM;

    /**
     * {@return the choice written as {@code low-confidence} or {@code random}}
     *
     * @param text the text, as the command line and JSON hold it
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
   * @param count the number of tokens of each step
   * @param steps the number of steps of all blocks together, in [1, 2^20]
   * @param block the number of masked positions of a block, at least 1
   * @param remasking the choice of positions
   * @param guidance the scale of classifier-free guidance; 0 is the network itself
   */
  record Blocks(BlockCounts count, int steps, int block, Remasking remasking, double guidance)
      implements PublishedMethod {
    /**
     * Checks the numbers.
     *
     * @param count the number of tokens of each step
     * @param steps the number of steps of all blocks together, at least 1
     * @param block the number of masked positions of a block, at least 1
     * @param remasking the choice of positions
     * @param guidance the scale of classifier-free guidance; 0 is the network itself
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

  /** The score by which Dream's samplers order positions, under the law of the tokens. */
  enum Algorithm {
    /** None: each position is revealed with the same probability. */
    ORIGIN(Confidence.PROBABILITY),
    /** The probability of the drawn token. */
    MASKGIT_PLUS(Confidence.PROBABILITY),
    /** The margin between the two likeliest tokens. */
    TOPK_MARGIN(Confidence.MARGIN),
    /** The negative entropy. */
    ENTROPY(Confidence.NEGATIVE_ENTROPY);

    final Confidence confidence;

    Algorithm(Confidence confidence) {
      this.confidence = confidence;
    }

    @Override
    public String toString() {
      return "dream-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Dream's diffusion_generate, each sequence by its own number of masks.
   *
   * @param steps in [1, 2^20]
   * @param temperature of the choice of positions (alg_temp), at least 0: 0 takes the surest; has
   *     no effect on {@link Algorithm#ORIGIN}
   */
  record Dream(Algorithm algorithm, int steps, double temperature) implements PublishedMethod {
    /**
     * Checks the numbers.
     *
     * @param steps at least 1
     * @param temperature of the choice of positions (alg_temp), at least 0: 0 takes the surest; has
     *     no effect on {@link Algorithm#ORIGIN}
     * @param algorithm the measure of confidence by which positions are chosen
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
      return DreamTrajectory.procedure(schedule, this);
    }
  }
}
