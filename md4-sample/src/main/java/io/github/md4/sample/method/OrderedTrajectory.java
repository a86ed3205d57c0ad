// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtMasks;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A trajectory that reveals first the positions of which the network is surest (LLaDA, Dream): each
 * step draws a token at every masked position, and those with the highest confidences stay.
 *
 * <p>The network is told the time at which as many positions are masked on average.
 */
final class OrderedTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final Pace pace;
  private int step;
  private int[] masked;

  /**
   * The number of tokens that stay at each step, and the strictness of their order.
   *
   * @param temperature of the choice of positions: they are drawn, without putting back, with
   *     probabilities proportional to {@code exp(confidence / temperature)}; 0 takes the highest
   */
  record Pace(int tokensAStep, double temperature) {
    private static final double TIE = 1e-3;

    Pace {
      require(tokensAStep >= 1, "tokensAStep must be at least 1", tokensAStep);
      require(
          temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
          "order temperature must be at least 0",
          temperature);
    }

    /** Returns ranks with noise; all confidences are alike while nothing is revealed. */
    private Ranks ranks() {
      return temperature == 0 ? Ranks.ofConfidence(TIE) : Ranks.drawn(temperature);
    }
  }

  private OrderedTrajectory(PartialSequence sequence, MaskingSchedule schedule, Pace pace) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.pace = pace;
    this.masked = sequence.masked();
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, Pace pace, Confidence confidence) {
    return new SamplingProcedure(
            context ->
                initial ->
                    new OrderedTrajectory(new PartialSequence(context, initial), schedule, pace),
            new RowDraw.Exact(confidence),
            true)
        .counting(context -> sequence -> rows(sequence.masked().length, pace.tokensAStep));
  }

  private static int[] rows(int masked, int tokensAStep) {
    return IntStream.iterate(masked, left -> left > 0, left -> left - tokensAStep).toArray();
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return masked.length == 0;
  }

  @Override
  public TrajectoryQuery query() {
    double[] u = sequence.uniforms(Purpose.SAMPLE, step, masked);
    return new TrajectoryQuery(point(), masked, new double[][] {u});
  }

  private GridPoint point() {
    return point(step, masked.length);
  }

  private GridPoint point(int at, int left) {
    double share = (double) left / sequence.length();
    return new GridPoint(at, schedule.timeWhenMasked(share));
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    int first = step;
    int[] rows = rows(masked.length, pace.tokensAStep);
    return Optional.of(
        IntStream.range(0, rows.length).mapToObj(k -> ahead(first + k, rows[k])).iterator());
  }

  private QueryAhead ahead(int at, int left) {
    return new AtMasks(
        point(at, left),
        left,
        sequence.length(),
        sequence.uniforms(Purpose.SAMPLE, at),
        pace.ranks().of(sequence.uniforms(Purpose.ORDER, at), pace.tokensAStep));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    double[] u = sequence.uniforms(Purpose.ORDER, step, masked);
    for (int r : pace.ranks().chosen(draws::confidence, u, pace.tokensAStep)) {
      sequence.reveal(point, masked[r], draws, r, changes);
    }
    step++;
    masked = sequence.masked();
  }
}
