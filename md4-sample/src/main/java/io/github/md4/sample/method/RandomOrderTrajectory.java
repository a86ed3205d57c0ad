// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A trajectory in an order drawn uniformly before the first call, some positions at once. One at a
 * time it draws from the law that any-order models are trained for.
 *
 * <p>The network is told the time at which as many positions are masked on average.
 */
final class RandomOrderTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final int tokensAStep;
  private final int[] order;
  private int step;

  private RandomOrderTrajectory(
      PartialSequence sequence, MaskingSchedule schedule, int tokensAStep) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.tokensAStep = tokensAStep;
    this.order = order(sequence);
  }

  private static int[] order(PartialSequence sequence) {
    double[] u = sequence.uniforms(Purpose.ORDER, 0);
    return IntStream.of(sequence.masked())
        .boxed()
        .sorted(Comparator.comparingDouble(n -> u[n]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, int tokensAStep) {
    return new SamplingProcedure(
            context ->
                initial ->
                    new RandomOrderTrajectory(
                        new PartialSequence(context, initial), schedule, tokensAStep),
            new RowDraw.Exact(Confidence.PROBABILITY),
            true)
        .counting(context -> sequence -> rows(sequence.masked().length, tokensAStep));
  }

  private static int[] rows(int masked, int tokensAStep) {
    int[] rows = QueryRows.equal((masked + tokensAStep - 1) / tokensAStep, tokensAStep);
    if (rows.length > 0) {
      rows[rows.length - 1] = masked - (rows.length - 1) * tokensAStep;
    }
    return rows;
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return revealed(step) == order.length;
  }

  @Override
  public TrajectoryQuery query() {
    return query(step);
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    return Optional.of(
        IntStream.iterate(step, at -> revealed(at) < order.length, at -> at + 1)
            .<QueryAhead>mapToObj(at -> new AtPositions(query(at)))
            .iterator());
  }

  /** Returns the number of positions that are revealed before a step. */
  private int revealed(int before) {
    return (int) Math.min(order.length, (long) before * tokensAStep);
  }

  private TrajectoryQuery query(int at) {
    int[] positions = positions(at);
    return new TrajectoryQuery(
        point(at), positions, sequence.uniforms(Purpose.SAMPLE, at, positions));
  }

  private int[] positions(int at) {
    int[] positions = Arrays.copyOfRange(order, revealed(at), revealed(at + 1));
    Arrays.sort(positions);
    return positions;
  }

  private GridPoint point(int at) {
    double share = (double) (order.length - revealed(at)) / sequence.length();
    return new GridPoint(at, schedule.timeWhenMasked(share));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    int[] positions = positions(step);
    GridPoint point = point(step);
    for (int r = 0; r < positions.length; r++) {
      sequence.reveal(point, positions[r], draws, r, changes);
    }
    step++;
  }
}
