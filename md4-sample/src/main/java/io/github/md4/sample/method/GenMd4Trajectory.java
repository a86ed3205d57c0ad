// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AmongMasks;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
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
      schedule(due, masked[r], begin, u[r]);
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

  private void schedule(DueTimes into, int position, double from, double u) {
    double next = reverse.next(from, u);
    if (next > 0) {
      into.add(position, next);
    }
  }

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
    return query(point(time, times), drawing, drawCounts);
  }

  /**
   * Returns the query at some positions. Its noise is a function of each position and its number of
   * draws, and of no other position.
   */
  private TrajectoryQuery query(GridPoint point, int[] positions, int[] counts) {
    double[] u = new double[positions.length];
    Arrays.setAll(u, r -> sequence.uniform(Purpose.SAMPLE, counts[positions[r]], positions[r]));
    return new TrajectoryQuery(point, positions, u);
  }

  private GridPoint point(double at, int before) {
    return new GridPoint(reverse.step(at, before), at);
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    return Optional.of(new Ahead());
  }

  /**
   * The queries from now on. When a position draws does not depend on its tokens, only whether it
   * draws again does. So it draws again here unless its token is known to be kept: because it has
   * been when the query is taken, or because each token would be.
   */
  private final class Ahead implements Iterator<QueryAhead> {
    private final DueTimes later = due.copy();
    private final int[] counts = drawCounts.clone();
    private int[] next = drawing;
    private double at = time;
    private int before = times;

    @Override
    public boolean hasNext() {
      while (next.length == 0 && !later.isEmpty()) {
        at = later.latest();
        next = Arrays.stream(later.takeLatest()).filter(sequence::isMasked).toArray();
      }
      return next.length > 0;
    }

    @Override
    public QueryAhead next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      int[] least = new int[next.length];
      for (int r = 0; r < least.length; r++) {
        least[r] = reverse.leastKept(at, uniform(Purpose.KEEP, next[r]));
      }
      QueryAhead query =
          new AmongMasks(
              query(point(at, before++), next, counts), reverse.schedule().order().ranks(), least);
      for (int r = 0; r < next.length; r++) {
        if (least[r] > 0) {
          counts[next[r]]++;
          schedule(later, next[r], reverse.after(at), uniform(Purpose.REVEAL, next[r]));
        }
      }
      next = new int[0];
      return query;
    }

    private double uniform(Purpose purpose, int position) {
      return sequence.uniform(purpose, counts[position], position);
    }
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point(time, times);
    for (int r = 0; r < drawing.length; r++) {
      int position = drawing[r];
      if (isKept(draws, r)) {
        sequence.reveal(point, position, draws, r, changes);
      } else {
        drawCounts[position]++;
        schedule(due, position, reverse.after(time), uniform(Purpose.REVEAL, position));
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
