// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtMasks;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A trajectory of Dream's diffusion_generate that reveals a number of tokens a step, by their
 * confidences, and in its last step what is still masked ({@link DreamTimes}).
 *
 * <p>The number of tokens of a step is that of the sequence's own masks. The authors' code takes
 * the mean over its batch, which leaves masks in sequences that have more (spec, Section 4).
 */
final class DreamTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final PublishedMethod.Dream method;
  private final DreamTimes times;
  private final StepNoise noise;
  private int[] masked;
  private int step;

  private DreamTrajectory(
      PartialSequence sequence,
      MaskingSchedule schedule,
      PublishedMethod.Dream method,
      StepNoise noise) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.method = method;
    this.times = DreamTimes.of(method);
    this.noise = noise;
    this.masked = sequence.masked();
    skip();
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, PublishedMethod.Dream method) {
    RowDraw draw = new RowDraw.OfLaw(method.algorithm().confidence);
    return new SamplingProcedure(
            StepNoise.Source.OF_SEED.trajectories(
                (own, uniforms) -> new DreamTrajectory(own, schedule, method, uniforms)),
            draw,
            false)
        .counting(context -> sequence -> rows(DreamTimes.of(method), sequence.masked().length));
  }

  private static int[] rows(DreamTimes times, int masked) {
    IntPredicate reveals = step -> times.count(step, masked) > 0;
    return QueryRows.equal((int) IntStream.range(0, times.steps()).filter(reveals).count(), masked);
  }

  /** Goes on to the next step that may reveal something. */
  private void skip() {
    while (!isDone() && times.count(step, masked.length) == 0) {
      step++;
    }
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return step >= method.steps() || masked.length == 0;
  }

  @Override
  public TrajectoryQuery query() {
    return new TrajectoryQuery(point(), masked, noise.draws(step, masked));
  }

  private GridPoint point() {
    return point(step, masked.length);
  }

  private GridPoint point(int at, int left) {
    double share = (double) left / sequence.length();
    return new GridPoint(at, schedule.timeWhenMasked(share));
  }

  /** A step that reveals some of the masks that are left. */
  private record Counted(int step, int left, int count) {}

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    List<Counted> counted = new ArrayList<>();
    int left = masked.length;
    for (int at = step; at < method.steps() && left > 0; at++) {
      int count = times.count(at, left);
      if (count > 0) {
        counted.add(new Counted(at, left, count));
      }
      left -= count;
    }
    return Optional.of(counted.stream().map(this::ahead).iterator());
  }

  private QueryAhead ahead(Counted at) {
    int[] all = sequence.positions(n -> true);
    return new AtMasks(
        point(at.step, at.left),
        at.left,
        all.length,
        noise.draws(at.step, all)[0],
        ranks().of(noise.order(at.step, all), at.count));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    chosen(draws).forEach(r -> sequence.reveal(point, masked[r], draws, r, changes));
    masked = sequence.masked();
    step++;
    skip();
  }

  /** Returns the rows that stay, in ascending order. */
  private IntStream chosen(Draws draws) {
    IntStream all = IntStream.range(0, masked.length);
    if (times.isLast(step)) {
      return all;
    }
    double[] u = noise.order(step, masked);
    return IntStream.of(ranks().chosen(draws::confidence, u, times.count(step, masked.length)));
  }

  private Ranks ranks() {
    return method.temperature() == 0 ? Ranks.OF_CONFIDENCE : Ranks.drawn(method.temperature());
  }
}
