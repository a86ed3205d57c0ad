// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.BoundaryTerms;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;

/**
 * The bound on the negative log-likelihood of MD4, in nats (MD4, Section 3; spec, Section 2).
 *
 * <p>For a time {@code t} drawn uniformly and {@code z_t} drawn from {@code q(z_t | x)}, the
 * diffusion term of an example is estimated by
 *
 * <pre>{@code
 * w(t) * sum_n 1[zt_n = m] log mu_n(zt, t)[x_n]
 * }</pre>
 *
 * where {@code w} is {@link TimeAxis#lossWeight}, at most zero.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 * @param axis continuous time, or a number of steps
 */
public record Md4Objective(TokenSpace space, MaskingSchedule schedule, TimeAxis axis)
    implements Objective {

  @Override
  public Query query(int[] x, double v, double[] u) {
    double t = axis.snap(v);
    ForwardProcess forward = new ForwardProcess(space, schedule);
    int[] positions = forward.maskedPositions(x, t, u);
    return new Query(forward.masked(x, positions), t, positions, -axis.lossWeight(schedule, t));
  }

  @Override
  public BoundTerms terms(double perToken) {
    double reconstruction = BoundaryTerms.reconstruction(schedule, space.vocabularySize());
    return new BoundTerms(perToken, reconstruction, 0);
  }

  @Override
  public Relation relationTo(Objective other) {
    boolean isCoarser = !axis.isContinuous() && other.equals(continuous());
    return isCoarser ? Relation.COARSER : Relation.NONE;
  }

  private Md4Objective continuous() {
    return new Md4Objective(space, schedule, new TimeAxis.Continuous());
  }

  @Override
  public String toString() {
    return axis.describe();
  }

  /** The kind {@code diffusion}. */
  public record Kind() implements ObjectiveKind {
    private static final String NAME = "diffusion";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new Md4Objective(space, schedule, axis);
    }

    @Override
    public boolean learnsSchedule() {
      return true;
    }

    @Override
    public String toString() {
      return NAME;
    }
  }
}
