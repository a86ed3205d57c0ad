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
  private final DueTimes due; // of the next draws
  private final int[] drawCounts; // the number of a position's draws so far, [N]
  private int[] drawing = {};
  private double time;
  private int times;

  private GenMd4Trajectory(PartialSequence sequence, GenMd4Reverse reverse, double begin) {
    this.sequence = sequence;
    this.reverse = reverse;
    this.due = new DueTimes(sequence.length());
    this.drawCounts = new int[sequence.length()];
    int[] masked = sequence.masked();
    double[] u = sequence.uniforms(Purpose.REVEAL, 0, masked);
    for (int r = 0; r < u.length; r++) {
      schedule(masked[r], begin, u[r]);
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

  private void schedule(int position, double from, double u) {
    double next = reverse.next(from, u);
    if (next > 0) {
      due.add(position, next);
    }
  }

  /** Returns a function of the position and its number of draws, and of no other position. */
  private double uniform(Purpose purpose, int position) {
    return sequence.uniform(purpose, drawCounts[position], position);
  }

  private void next() {
    time = due.isEmpty() ? 0 : due.latest();
    drawing = due.isEmpty() ? new int[0] : due.takeLatest();
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
    double[] u = new double[drawing.length];
    Arrays.setAll(u, r -> uniform(Purpose.SAMPLE, drawing[r]));
    return new TrajectoryQuery(point(), drawing, new double[][] {u});
  }

  private GridPoint point() {
    return new GridPoint(reverse.step(time, times), time);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    for (int r = 0; r < drawing.length; r++) {
      int position = drawing[r];
      if (isKept(draws, r)) {
        sequence.reveal(point, position, draws, r, changes);
      } else {
        drawCounts[position]++;
        schedule(position, reverse.after(time), uniform(Purpose.REVEAL, position));
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
