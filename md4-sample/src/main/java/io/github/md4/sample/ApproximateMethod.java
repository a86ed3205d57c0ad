// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.Choices;
import io.github.md4.core.internal.torch.Confidence;

/** Methods whose samples have another law than the model's reverse process. */
public sealed interface ApproximateMethod extends SamplingMethod {

  @Override
  default boolean isExact() {
    return false;
  }

  /**
   * The loop of the reference with its float32 Gumbel draw, for samples as it makes them: outcomes
   * below about 1e-8 are never drawn (spec, T1). Every step asks the network for every masked
   * position.
   */
  sealed interface Reference extends ApproximateMethod {
    @Override
    default String draw() {
      return "reference";
    }

    @Override
    default boolean isPlanned() {
      return false;
    }

    @Override
    default RowDraw rowDraw(TokenLaw law) {
      return new RowDraw.Reference(law);
    }
  }

  /** The reference's ancestral step: one of V + 1 outcomes. */
  record ReferenceAncestral(SamplingSteps steps, Leftovers leftovers) implements Reference {
    @Override
    public String name() {
      return "ancestral";
    }

    @Override
    public double timeAt(double from) {
      return steps.timeAt(from);
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      return ReferenceTrajectory.beginning(
          setting, steps, ReferenceTrajectory.DrawCount.ONE, leftovers);
    }
  }

  /** The reference's step of two draws. */
  record ReferenceMean(SamplingSteps steps, Leftovers leftovers) implements Reference {
    @Override
    public String name() {
      return "mean";
    }

    @Override
    public double timeAt(double from) {
      return steps.timeAt(from);
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      return ReferenceTrajectory.beginning(
          setting, steps, ReferenceTrajectory.DrawCount.TWO, leftovers);
    }
  }

  /** By what the network is sure. */
  enum Order {
    /** Of its drawn token: that token's probability (LLaDA, and Dream's maskgit_plus). */
    CONFIDENCE(Confidence.PROBABILITY),
    /** By the margin between the two likeliest tokens (Dream's topk_margin). */
    MARGIN(Confidence.MARGIN),
    /** By the entropy (Dream's entropy). */
    ENTROPY(Confidence.NEGATIVE_ENTROPY);

    private final Confidence score;

    Order(Confidence score) {
      this.score = score;
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /**
   * What the network is surest of is revealed first.
   *
   * @param tokensAStep how many tokens each call reveals, at least 1
   * @param temperature of the choice of positions, at least 0: 0 takes the surest
   */
  record Ordered(Order order, int tokensAStep, double temperature) implements ApproximateMethod {
    public Ordered {
      OrderedTrajectory.Pace unused = new OrderedTrajectory.Pace(tokensAStep, temperature);
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
    public boolean isPlanned() {
      return true;
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      return OrderedTrajectory.beginning(
          setting, new OrderedTrajectory.Pace(tokensAStep, temperature));
    }

    @Override
    public RowDraw rowDraw(TokenLaw law) {
      return new RowDraw.Exact(law, order.score);
    }
  }

  /** Tokens are masked again on the way, so that mistakes can be mended (ReMDM). */
  record Remasked(SamplingSteps steps, Remasking remasking, Leftovers leftovers)
      implements ApproximateMethod {
    @Override
    public String name() {
      return remasking.name();
    }

    @Override
    public double timeAt(double from) {
      return steps.timeAt(from);
    }

    @Override
    public boolean isPlanned() {
      return remasking.isPlanned();
    }

    @Override
    public Trajectory.Beginning beginning(SamplingContext setting) {
      return RemaskingTrajectory.beginning(setting, steps, remasking, leftovers);
    }

    @Override
    public RowDraw rowDraw(TokenLaw law) {
      return new RowDraw.Exact(law, Confidence.PROBABILITY);
    }
  }
}
