// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.method.RevealPlan.Reveal;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;

/**
 * A trajectory whose reveals are planned before the first call. It uses two uniforms a position,
 * one for the time and one for the token.
 */
final class PlannedTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final RevealPlan plan;
  private final Leftovers leftovers;
  private final double last;
  private final double[] u; // [N]
  private int next;

  private PlannedTrajectory(PartialSequence sequence, RevealTimes times, Leftovers leftovers) {
    int[] masked = sequence.masked();
    this.sequence = sequence;
    this.plan = RevealPlan.of(times, masked, sequence.uniforms(Purpose.REVEAL, 0, masked));
    this.leftovers = leftovers;
    this.last = times.last();
    this.u = sequence.uniforms(Purpose.SAMPLE, 0);
  }

  /**
   * @param times the times of reveals by the share of the way that lies before a request's
   *     sequences
   */
  static SamplingProcedure procedure(DoubleFunction<RevealTimes> times, Leftovers leftovers) {
    return new SamplingProcedure(
            context -> {
              RevealTimes shared = times.apply(context.from());
              return initial ->
                  new PlannedTrajectory(new PartialSequence(context, initial), shared, leftovers);
            },
            new RowDraw.Exact(Confidence.PROBABILITY),
            true)
        .counting(
            context -> {
              RevealTimes shared = times.apply(context.from());
              return sequence ->
                  RevealPlan.rows(shared, sequence.uniforms(Purpose.REVEAL, 0, sequence.masked()));
            });
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return next == plan.reveals().size();
  }

  @Override
  public TrajectoryQuery query() {
    return query(plan.reveals().get(next));
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    List<Reveal> reveals = plan.reveals().subList(next, plan.reveals().size());
    return Optional.of(
        reveals.stream().<QueryAhead>map(each -> new AtPositions(query(each))).iterator());
  }

  private TrajectoryQuery query(Reveal reveal) {
    boolean isLast = reveal.point().time() == last;
    double[] noise = new double[reveal.positions().length];
    for (int r = 0; r < noise.length; r++) {
      double own = u[reveal.positions()[r]];
      noise[r] = isLast ? leftovers.uniform(own) : own;
    }
    return new TrajectoryQuery(reveal.point(), reveal.positions(), new double[][] {noise});
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    Reveal reveal = plan.reveals().get(next++);
    for (int r = 0; r < reveal.positions().length; r++) {
      sequence.reveal(reveal.point(), reveal.positions()[r], draws, r, changes);
    }
  }
}
