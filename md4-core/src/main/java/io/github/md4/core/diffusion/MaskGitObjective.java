// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/**
 * The objective of MaskGIT (Chang et al., 2022): the cross-entropy at masked positions without a
 * weight, the masked share following the schedule at a uniform time (spec, Section 2.7). It is
 * MD4's query with the weight 1, in nats; label smoothing is left out.
 *
 * <p>The value bounds no likelihood, so held-out data are scored by {@link AnyOrderObjective}.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param axis continuous time, or a number of steps
 */
public record MaskGitObjective(TokenSpace space, MaskingSchedule schedule, TimeAxis axis)
    implements Objective {

  @Override
  public Query query(int[] x, double v, double[] u) {
    Query query = new Md4Objective(space, schedule, axis).query(x, v, u);
    return new Query(query.zt(), query.time(), query.positions(), 1);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public Objective likelihood() {
    return new AnyOrderObjective(space, schedule);
  }

  @Override
  public String kind() {
    return "unweighted cross-entropy, no bound";
  }

  @Override
  public String toString() {
    return Kind.NAME;
  }

  /** The kind {@code maskgit}. */
  public record Kind() implements ObjectiveKind {
    private static final String NAME = "maskgit";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new MaskGitObjective(space, schedule, axis);
    }

    @Override
    public String toString() {
      return NAME;
    }
  }
}
