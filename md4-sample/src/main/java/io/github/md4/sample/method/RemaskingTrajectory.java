// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;

/**
 * A trajectory that masks some of its tokens again ({@link Remasking}). Whether a position is
 * revealed or masked again is drawn here, so the network is called at the steps that reveal
 * something, for the positions that they reveal.
 */
final class RemaskingTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final Rule rule;
  private final double[] confidences; // infinite at masks and at frozen tokens, [N]
  private int step = -1;
  private int[] revealed = {};
  private int[] remasked = {}; // once the draws of the query are known

  /** The parts that are the same for all sequences of a request. */
  private record Rule(
      MaskingSchedule schedule, StepTimes times, Remasking remasking, Leftovers leftovers) {}

  private RemaskingTrajectory(PartialSequence sequence, Rule rule) {
    this.sequence = sequence;
    this.rule = rule;
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
                      new RemaskingTrajectory(sequence, rule), token, each -> each.revealed.length);
            });
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return revealed.length == 0;
  }

  @Override
  public TrajectoryQuery query() {
    double[] u = sequence.uniforms(Purpose.SAMPLE, step, revealed);
    if (step == rule.times.steps()) {
      Arrays.setAll(u, r -> rule.leftovers.uniform(u[r]));
    }
    return new TrajectoryQuery(point(), revealed, new double[][] {u});
  }

  private GridPoint point() {
    return GridPoint.of(rule.times, step);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    for (int r = 0; r < revealed.length; r++) {
      confidences[revealed[r]] = draws.probability(r);
      sequence.reveal(point, revealed[r], draws, r, changes);
    }
    remask(changes);
    next(changes);
  }

  /** Goes to the next step that reveals something, and masks again on the way. */
  private void next(Changes changes) {
    revealed = new int[0];
    while (revealed.length == 0 && step < rule.times.steps()) {
      step++;
      if (step == rule.times.steps()) {
        revealed = sequence.masked();
      } else {
        decide();
      }
      if (revealed.length == 0) {
        remask(changes);
      }
    }
  }

  /** Draws the positions that the step reveals and those that it masks again. */
  private void decide() {
    MaskingSchedule schedule = rule.schedule;
    double t = rule.times.time(step);
    double s = rule.times.time(step + 1);
    double largest = Math.min(1, schedule.oneMinusAlpha(s) / schedule.alpha(t));
    double[] sigma = rule.remasking.sigma(largest, confidences);
    double[] u = sequence.uniforms(Purpose.REMASK, step);
    double plain = schedule.unmaskProbability(s, t);
    double odds = schedule.alpha(t) / schedule.oneMinusAlpha(t);
    revealed = sequence.positions(n -> sequence.isMasked(n) && u[n] < plain + sigma[n] * odds);
    remasked =
        sequence.positions(n -> u[n] < sigma[n] && !sequence.isMasked(n) && !sequence.isFrozen(n));
  }

  private void remask(Changes changes) {
    for (int n : remasked) {
      confidences[n] = Double.POSITIVE_INFINITY;
      sequence.mask(point(), n, changes);
    }
    remasked = new int[0];
  }
}
