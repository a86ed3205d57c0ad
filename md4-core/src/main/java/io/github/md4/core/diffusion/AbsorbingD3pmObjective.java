// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.List;

/**
 * D3PM with masks (Austin et al., 2021): T steps, a network that guesses the clean token, and
 * optionally the cross-entropy of that guess beside each step's divergence. The divergence of a
 * masked position is {@code (alpha_s - alpha_t) / (1 - alpha_t)} times the cross-entropy, which is
 * MD4's in T steps; an unmasked position never changes and counts nothing. In nats.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param axis the number of steps, T
 * @param auxiliary lambda, at least 0: what each step counts is its divergence and lambda times the
 *     cross-entropy of its masked positions; 0 for the bound
 */
public record AbsorbingD3pmObjective(
    TokenSpace space, MaskingSchedule schedule, TimeAxis.Discrete axis, double auxiliary)
    implements Objective {

  @Override
  public Query query(int[] x, double v, double[] u) {
    Query query = bound().query(x, v, u);
    double weight = query.weight() + axis.steps() * auxiliary;
    return new Query(query.zt(), query.time(), query.positions(), weight);
  }

  private Md4Objective bound() {
    return new Md4Objective(space, schedule, axis);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return bound().terms(perToken);
  }

  /** Returns the bound, which is without the auxiliary term. */
  @Override
  public Objective likelihood() {
    return auxiliary == 0 ? this : new AbsorbingD3pmObjective(space, schedule, axis, 0);
  }

  @Override
  public String kind() {
    return auxiliary == 0 ? bound().kind() : "bound with an auxiliary cross-entropy";
  }

  @Override
  public String toString() {
    return "D3PM with masks, " + axis.describe();
  }

  /**
   * The kind {@code d3pm-absorbing}, {@code d3pm-absorbing(STEPS)} or with lambda too.
   *
   * @param arguments T, the number of steps, and lambda, the weight of the auxiliary cross-entropy
   */
  public record Kind(StepArguments arguments) implements ObjectiveKind {
    private static final String NAME = "d3pm-absorbing";

    /** A thousand steps without the auxiliary term. */
    public Kind() {
      this(StepArguments.DEFAULTS);
    }

    @Override
    public String name() {
      return NAME;
    }

    /**
     * Returns the objective of its own steps, or of those of the axis.
     *
     * @param axis the axis of the evaluation; continuous stands for the objective's own steps
     */
    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new AbsorbingD3pmObjective(
          space, schedule, arguments.axis(axis), arguments.auxiliary());
    }

    @Override
    public ObjectiveKind with(List<String> given) {
      return new Kind(StepArguments.parse(NAME, given));
    }

    @Override
    public String toString() {
      return arguments.text(NAME);
    }
  }
}
