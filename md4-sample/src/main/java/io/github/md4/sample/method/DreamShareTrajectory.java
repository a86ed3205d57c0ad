// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A trajectory of Dream's diffusion_generate that reveals each masked position with the same
 * probability, and in its last step what is left ({@link DreamTimes}). What a step reveals is drawn
 * here, so the network is called at the steps that reveal something, for the positions that they
 * reveal.
 */
final class DreamShareTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final DreamTimes times;
  private final StepNoise noise;
  private Reveal now;

  private DreamShareTrajectory(
      PartialSequence sequence, MaskingSchedule schedule, DreamTimes times, StepNoise noise) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.times = times;
    this.noise = noise;
    this.now = next(0, sequence.masked());
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, PublishedMethod.Dream method) {
    return procedure(
        schedule,
        method,
        new RowDraw.OfLaw(method.algorithm().confidence),
        StepNoise.Source.OF_SEED);
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule,
      PublishedMethod.Dream method,
      RowDraw draw,
      StepNoise.Source noise) {
    return new SamplingProcedure(
        noise.trajectories(
            (own, uniforms) ->
                new DreamShareTrajectory(own, schedule, DreamTimes.of(method), uniforms)),
        draw,
        true);
  }

  /** A step that reveals some of the masks before it, in ascending order; the end has none. */
  private final class Reveal {
    private final int step;
    private final int[] masked;
    private final int[] positions;
    private Reveal after; // null until it is asked for

    Reveal(int step, int[] masked, int[] positions) {
      this.step = step;
      this.masked = masked;
      this.positions = positions;
    }

    boolean isEnd() {
      return masked.length == 0;
    }

    Reveal after() {
      if (after == null) {
        after = next(step + 1, left());
      }
      return after;
    }

    private int[] left() {
      int[] left = new int[masked.length - positions.length];
      int revealed = 0;
      for (int m = 0; m < masked.length; m++) {
        if (revealed < positions.length && positions[revealed] == masked[m]) {
          revealed++;
        } else {
          left[m - revealed] = masked[m];
        }
      }
      return left;
    }

    TrajectoryQuery query() {
      return new TrajectoryQuery(point(), positions, noise.draws(step, positions));
    }

    GridPoint point() {
      double share = (double) masked.length / sequence.length();
      return new GridPoint(step, schedule.timeWhenMasked(share));
    }
  }

  /** Returns the next step from one on that reveals any of the masks before it. */
  private Reveal next(int from, int[] masked) {
    int step = from;
    int[] positions = {};
    while (positions.length == 0 && masked.length > 0) {
      positions = revealed(step++, masked);
    }
    return new Reveal(step - 1, masked, positions);
  }

  private int[] revealed(int step, int[] masked) {
    if (times.isLast(step)) {
      return masked;
    }
    float share = times.share(step);
    double[] u = noise.order(step, masked);
    return IntStream.range(0, masked.length)
        .filter(r -> (float) u[r] < share)
        .map(r -> masked[r])
        .toArray();
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return now.isEnd();
  }

  @Override
  public TrajectoryQuery query() {
    return now.query();
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    return Optional.of(
        Stream.iterate(now, reveal -> !reveal.isEnd(), Reveal::after)
            .<QueryAhead>map(reveal -> new AtPositions(reveal.query()))
            .iterator());
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = now.point();
    for (int r = 0; r < now.positions.length; r++) {
      sequence.reveal(point, now.positions[r], draws, r, changes);
    }
    now = now.after();
  }
}
