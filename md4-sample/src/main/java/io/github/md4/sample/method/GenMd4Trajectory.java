// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/**
 * A trajectory where each token has its power: a position draws at times of its own, and keeps the
 * token or draws again later. Each draw uses three uniforms: for the time, for the token, and for
 * whether it is kept.
 */
final class GenMd4Trajectory implements Trajectory {
  private final PartialSequence sequence;
  private final GenMd4Reverse reverse;
  private final double[] due; // the time of a position's next draw, 0 if there is none, [N]
  private final int[] drawCounts; // the number of a position's draws so far, [N]
  private int[] drawing = {};
  private double time;
  private int times;

  private GenMd4Trajectory(PartialSequence sequence, GenMd4Reverse reverse, double begin) {
    this.sequence = sequence;
    this.reverse = reverse;
    this.due = new double[sequence.length()];
    this.drawCounts = new int[due.length];
    for (int position : sequence.masked()) {
      schedule(position, begin);
    }
    next();
  }

  /**
   * @param begin the time at which sequences begin, by the share of the way that lies before them
   * @param reverse the reverse process, by the same share
   */
  static SamplingProcedure procedure(
      DoubleUnaryOperator begin, DoubleFunction<GenMd4Reverse> reverse) {
    return new SamplingProcedure(
            context -> {
              double time = begin.applyAsDouble(context.from());
              GenMd4Reverse shared = reverse.apply(context.from());
              return initial ->
                  new GenMd4Trajectory(new PartialSequence(context, initial), shared, time);
            },
            new RowDraw.Exact(Confidence.PROBABILITY),
            false)
        .counting(
            context -> {
              double time = begin.applyAsDouble(context.from());
              GenMd4Reverse shared = reverse.apply(context.from());
              int mask = context.space().maskToken();
              return sequence ->
                  QueryRows.simulated(
                      new GenMd4Trajectory(sequence, shared, time),
                      mask,
                      each -> each.drawing.length);
            });
  }

  private void schedule(int position, double from) {
    due[position] = reverse.next(from, uniform(Purpose.REVEAL, position));
  }

  /** Returns a function of the position and its number of draws, and of no other position. */
  private double uniform(Purpose purpose, int position) {
    return sequence.uniform(purpose, drawCounts[position], position);
  }

  private void next() {
    time = Arrays.stream(due).max().orElse(0);
    drawing = time == 0 ? new int[0] : sequence.positions(n -> due[n] == time);
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return drawing.length == 0;
  }

  @Override
  public TrajectoryQuery query() {
    double[] u = Arrays.stream(drawing).mapToDouble(n -> uniform(Purpose.SAMPLE, n)).toArray();
    return new TrajectoryQuery(point(), drawing, new double[][] {u});
  }

  private GridPoint point() {
    return new GridPoint(reverse.step(time, times), time);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < drawing.length; r++) {
      int position = drawing[r];
      if (isKept(draws, r)) {
        due[position] = 0;
        sequence.reveal(point(), position, draws, r, changes);
      } else {
        drawCounts[position]++;
        schedule(position, reverse.after(time));
      }
    }
    times++;
    next();
  }

  /** Returns whether a drawn token stays; a mask comes only from the counting of calls. */
  private boolean isKept(Draws draws, int row) {
    return !sequence.isMask(draws, row)
        && reverse.isKept(draws.token(row), time, uniform(Purpose.KEEP, drawing[row]));
  }
}
