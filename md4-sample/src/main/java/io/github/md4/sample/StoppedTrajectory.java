// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;

/**
 * A trajectory that stops once its sequence has ended: what is still masked behind the end becomes
 * the token that ended it.
 */
final class StoppedTrajectory implements Trajectory {
  private static final double CERTAIN = 1;

  private final Trajectory whole;
  private final SequenceEnd end;
  private int[] ended; // null before the end

  StoppedTrajectory(Trajectory whole, SequenceEnd end) {
    this.whole = whole;
    this.end = end;
  }

  @Override
  public int[] z() {
    return ended == null ? whole.z() : ended;
  }

  @Override
  public int[] shown() {
    return whole.shown();
  }

  @Override
  public boolean isDone() {
    return ended != null || whole.isDone();
  }

  @Override
  public TrajectoryQuery query() {
    return whole.query();
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = whole.query().point();
    whole.advance(draws, changes);
    if (!whole.isDone() && end.isReached(whole.z())) {
      fill(point, changes);
    }
  }

  private void fill(GridPoint point, Changes changes) {
    ended = whole.z().clone();
    int token = ended[end.in(ended)];
    for (int n = 0; n < ended.length; n++) {
      if (ended[n] == end.mask()) {
        ended[n] = token;
        changes.changed(point, n, token, CERTAIN);
      }
    }
  }
}
