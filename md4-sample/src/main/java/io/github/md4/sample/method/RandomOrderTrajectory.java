// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
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
  private int revealed;
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
        true);
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return revealed == order.length;
  }

  @Override
  public TrajectoryQuery query() {
    return query(0);
  }

  @Override
  public List<TrajectoryQuery> ahead(int most) {
    int left = (order.length - revealed + tokensAStep - 1) / tokensAStep;
    return IntStream.range(0, Math.min(most, left)).mapToObj(this::query).toList();
  }

  /** Returns the query after so many more. */
  private TrajectoryQuery query(int ahead) {
    int[] positions = positions(ahead);
    return new TrajectoryQuery(
        point(ahead), positions, sequence.uniforms(Purpose.SAMPLE, step + ahead, positions));
  }

  private int[] positions(int ahead) {
    int first = revealed + ahead * tokensAStep;
    int[] positions = Arrays.copyOfRange(order, first, Math.min(order.length, first + tokensAStep));
    Arrays.sort(positions);
    return positions;
  }

  private GridPoint point(int ahead) {
    double share = (double) (order.length - revealed - ahead * tokensAStep) / sequence.length();
    return new GridPoint(step + ahead, schedule.timeWhenMasked(share));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    int[] positions = positions(0);
    GridPoint point = point(0);
    for (int r = 0; r < positions.length; r++) {
      sequence.reveal(point, positions[r], draws, r, changes);
    }
    revealed += positions.length;
    step++;
  }
}
