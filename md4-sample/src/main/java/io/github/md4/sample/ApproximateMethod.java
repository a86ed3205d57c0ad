// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.kernel.Score;
import java.util.Locale;

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
    public Walk.Beginning beginning(Setting setting) {
      return ReferenceWalk.beginning(setting, steps, ReferenceWalk.Draws.ONE, leftovers);
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
    public Walk.Beginning beginning(Setting setting) {
      return ReferenceWalk.beginning(setting, steps, ReferenceWalk.Draws.TWO, leftovers);
    }
  }

  /** By what the network is sure. */
  enum Order {
    /** Of its drawn token: that token's probability (LLaDA, and Dream's maskgit_plus). */
    CONFIDENCE(Score.PROBABILITY),
    /** By the margin between the two likeliest tokens (Dream's topk_margin). */
    MARGIN(Score.MARGIN),
    /** By the entropy (Dream's entropy). */
    ENTROPY(Score.NEGATIVE_ENTROPY);

    private final Score score;

    Order(Score score) {
      this.score = score;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
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
      OrderedWalk.Pace unused = new OrderedWalk.Pace(tokensAStep, temperature);
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
    public Walk.Beginning beginning(Setting setting) {
      return OrderedWalk.beginning(setting, new OrderedWalk.Pace(tokensAStep, temperature));
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
    public Walk.Beginning beginning(Setting setting) {
      return RemaskingWalk.beginning(setting, steps, remasking, leftovers);
    }

    @Override
    public RowDraw rowDraw(TokenLaw law) {
      return new RowDraw.Exact(law, Score.PROBABILITY);
    }
  }
}
