// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.method.RemaskingWalk.Decision;
import io.github.md4.sample.method.RemaskingWalk.Rule;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A trajectory that masks some of its tokens again ({@link Remasking}). Whether a position is
 * revealed or masked again is drawn here, so the network is called at the steps that reveal
 * something, for the positions that they reveal.
 */
final class RemaskingTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final Rule rule;
  private final RemaskingWalk walk;
  private final double[] confidences; // infinite at masks and at frozen tokens, [N]
  private final List<Decision> later = new ArrayList<>(); // those behind it that are known
  private Decision now;

  private RemaskingTrajectory(PartialSequence sequence, Rule rule) {
    this.sequence = sequence;
    this.rule = rule;
    this.walk = new RemaskingWalk(sequence, rule);
    this.confidences = new double[sequence.length()];
    Arrays.fill(confidences, Double.POSITIVE_INFINITY);
    next((point, position, token, probability) -> {});
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule, SamplingSteps steps, Remasking remasking, Leftovers leftovers) {
    return new SamplingProcedure(
            context -> {
              Rule rule = new Rule(schedule, steps.from(context.from()), remasking, leftovers);
              return initial ->
                  new RemaskingTrajectory(new PartialSequence(context, initial), rule);
            },
            new RowDraw.Exact(Confidence.PROBABILITY),
            remasking.isPlanned())
        .revising()
        .counting(
            context -> {
              Rule rule = new Rule(schedule, steps.from(context.from()), remasking, leftovers);
              int token = remasking.isPlanned() ? 0 : context.space().maskToken();
              return sequence ->
                  QueryRows.simulated(
                      new RemaskingTrajectory(sequence, rule),
                      token,
                      each -> each.now.revealed().length);
            });
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return now.revealed().length == 0;
  }

  @Override
  public TrajectoryQuery query() {
    return query(now);
  }

  private TrajectoryQuery query(Decision at) {
    double[] u = sequence.uniforms(Purpose.SAMPLE, at.step(), at.revealed());
    if (isLast(at)) {
      Arrays.setAll(u, r -> rule.leftovers().uniform(u[r]));
    }
    return new TrajectoryQuery(point(at), at.revealed(), new double[][] {u});
  }

  private GridPoint point(Decision at) {
    return GridPoint.of(rule.times(), at.step());
  }

  private boolean isLast(Decision at) {
    return at.step() >= rule.times().steps();
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    return Optional.of(
        rule.remasking() instanceof Remasking.Confidence confidence
            ? new RemaskingAhead(sequence, rule, confidence, () -> now, this::query, confidences)
            : new Ahead());
  }

  /** The queries from now on, each with what is masked again before it. */
  private final class Ahead implements Iterator<QueryAhead> {
    private Decision next = now;
    private int[] masked = {};

    @Override
    public boolean hasNext() {
      return next.revealed().length > 0;
    }

    @Override
    public QueryAhead next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      QueryAhead query = new AtPositions(query(next), masked);
      goOn();
      return query;
    }

    private void goOn() {
      IntStream.Builder again = IntStream.builder();
      do {
        IntStream.of(next.remasked()).forEach(again);
        next = after(next);
      } while (next.revealed().length == 0 && !isLast(next));
      masked = again.build().sorted().toArray();
    }
  }

  /** Returns the decision after one of those from now on. */
  private Decision after(Decision known) {
    int index = known.step() - now.step();
    while (later.size() <= index) {
      later.add(walk.next(confidences));
    }
    return later.get(index);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < now.revealed().length; r++) {
      int position = now.revealed()[r];
      confidences[position] = draws.probability(r);
      sequence.reveal(point(now), position, draws, r, changes);
    }
    remask(changes);
    next(changes);
  }

  /** Goes to the next step that reveals something, and masks again on the way. */
  private void next(Changes changes) {
    now = taken();
    while (now.revealed().length == 0 && !isLast(now)) {
      remask(changes);
      now = taken();
    }
  }

  private Decision taken() {
    return later.isEmpty() ? walk.next(confidences) : later.remove(0);
  }

  private void remask(Changes changes) {
    for (int n : now.remasked()) {
      confidences[n] = Double.POSITIVE_INFINITY;
      sequence.mask(point(now), n, changes);
    }
  }
}
