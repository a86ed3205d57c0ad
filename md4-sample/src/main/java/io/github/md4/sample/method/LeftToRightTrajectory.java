// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.internal.call.PrefixQuery;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;

/**
 * A trajectory of a causal network: the leftmost hole is drawn given all tokens before it. The
 * network is shown the mask and then the sequence, one place on; what follows the hole it cannot
 * see.
 */
final class LeftToRightTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final int[] shown;
  private final double[] u; // [N]
  private int next;
  private int step;

  private LeftToRightTrajectory(PartialSequence sequence, int maskToken) {
    this.sequence = sequence;
    this.shown = new int[sequence.length()];
    this.u = sequence.uniforms(Purpose.SAMPLE, 0);
    shown[0] = maskToken;
    System.arraycopy(sequence.z(), 0, shown, 1, shown.length - 1);
    skip();
  }

  static SamplingProcedure procedure() {
    return new SamplingProcedure(
            context ->
                initial ->
                    new LeftToRightTrajectory(
                        new PartialSequence(context, initial), context.space().maskToken()),
            new RowDraw.Exact(Confidence.PROBABILITY),
            true,
            PrefixQuery::of)
        .counting(context -> sequence -> QueryRows.equal(sequence.masked().length, 1));
  }

  /** Goes to the next hole, or to the end. */
  private void skip() {
    while (next < shown.length && !sequence.isMasked(next)) {
      next++;
    }
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public int[] shown() {
    return shown;
  }

  @Override
  public boolean isDone() {
    return next == shown.length;
  }

  @Override
  public TrajectoryQuery query() {
    return new TrajectoryQuery(point(), new int[] {next}, new double[] {u[next]});
  }

  /** The time is 0, as in training. */
  private GridPoint point() {
    return new GridPoint(step, 0);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    sequence.reveal(point(), next, draws, 0, changes);
    if (next + 1 < shown.length) {
      shown[next + 1] = sequence.z()[next];
    }
    step++;
    skip();
  }
}
