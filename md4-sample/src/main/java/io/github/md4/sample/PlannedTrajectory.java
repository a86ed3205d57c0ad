// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.RevealPlan.Reveal;
import java.util.Arrays;

/**
 * A walk that knows from the start when it reveals what, and asks only then: two uniforms a
 * position, one for when and one for what.
 */
final class PlannedTrajectory implements Trajectory {
  private final int[] z;
  private final RevealPlan plan;
  private final Leftovers leftovers;
  private final double[] u; // [N]
  private int next;

  private PlannedTrajectory(int[] z, RevealPlan plan, Leftovers leftovers, double[] u) {
    this.z = z;
    this.plan = plan;
    this.leftovers = leftovers;
    this.u = u;
  }

  static Beginning beginning(SamplingContext setting, RevealTimes timeline, Leftovers leftovers) {
    return start -> {
      int[] holes = start.holes(setting.process().space());
      double[] when = setting.uniforms(Purpose.REVEAL, 0, start, holes);
      double[] what = setting.noise().uniforms(Purpose.SAMPLE, 0, start.index(), start.zt().length);
      RevealPlan plan = RevealPlan.of(timeline, holes, when);
      return new PlannedTrajectory(start.zt().clone(), plan, leftovers, what);
    };
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return next == plan.reveals().size();
  }

  @Override
  public TrajectoryQuery question() {
    Reveal reveal = plan.reveals().get(next);
    double[] noise = Arrays.stream(reveal.positions()).mapToDouble(n -> u[n]).toArray();
    if (reveal.moment().time() == 0) {
      Arrays.setAll(noise, r -> leftovers.uniform(noise[r]));
    }
    return new TrajectoryQuery(reveal.moment(), reveal.positions(), new double[][] {noise});
  }

  @Override
  public void answer(Draws answers, Changes changes) {
    Reveal reveal = plan.reveals().get(next++);
    int[] positions = reveal.positions();
    for (int r = 0; r < positions.length; r++) {
      z[positions[r]] = answers.token(r);
      changes.changed(reveal.moment(), positions[r], answers.token(r), answers.probability(r));
    }
  }
}
