// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A walk that masks some of its tokens again ({@link Remasking}). Whether a position is revealed or
 * masked again is drawn here, so the network is asked at the steps that reveal something, for the
 * positions that they reveal.
 */
final class RemaskingTrajectory implements Trajectory {
  private final SamplingContext setting;
  private final Plan plan;
  private final InitialSequence start;
  private final int[] z;
  private final double[] confidences; // infinite at masks and at frozen tokens, [N]
  private int step = -1;
  private int[] revealed = {};
  private int[] masked = {}; // again, once the question is answered

  /** The same for all sequences. */
  private record Plan(int first, double[] times, Remasking remasking, Leftovers leftovers) {

    /** Returns how many steps there are. */
    int steps() {
      return times.length - 1;
    }
  }

  private RemaskingTrajectory(SamplingContext setting, Plan plan, InitialSequence start) {
    this.setting = setting;
    this.plan = plan;
    this.start = start;
    this.z = start.zt().clone();
    this.confidences = new double[z.length];
    Arrays.fill(confidences, Double.POSITIVE_INFINITY);
  }

  static Beginning beginning(
      SamplingContext setting, SamplingSteps steps, Remasking remasking, Leftovers leftovers) {
    int first = steps.first(setting.from());
    Plan plan = new Plan(first, steps.timesFrom(first), remasking, leftovers);
    return start -> {
      RemaskingTrajectory walk = new RemaskingTrajectory(setting, plan, start);
      walk.advance((moment, position, token, probability) -> {});
      return walk;
    };
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return revealed.length == 0;
  }

  @Override
  public TrajectoryQuery question() {
    double[] u = setting.uniforms(Purpose.SAMPLE, step, start, revealed);
    if (step == plan.steps()) {
      Arrays.setAll(u, r -> plan.leftovers.uniform(u[r]));
    }
    return new TrajectoryQuery(moment(), revealed, new double[][] {u});
  }

  private GridPoint moment() {
    return new GridPoint(plan.first + step, plan.times[step]);
  }

  @Override
  public void answer(Draws answers, Changes changes) {
    for (int r = 0; r < revealed.length; r++) {
      z[revealed[r]] = answers.token(r);
      confidences[revealed[r]] = answers.probability(r);
      changes.changed(moment(), revealed[r], answers.token(r), answers.probability(r));
    }
    maskAgain(changes);
    advance(changes);
  }

  /** Goes on to the next step that reveals something, masking again on the way. */
  private void advance(Changes changes) {
    revealed = new int[0];
    while (revealed.length == 0 && step < plan.steps()) {
      step++;
      if (step == plan.steps()) {
        revealed = InitialSequence.holes(setting.process().space(), z);
      } else {
        decide();
      }
      if (revealed.length == 0) {
        maskAgain(changes);
      }
    }
  }

  /** Draws what the step reveals and what it masks again. */
  private void decide() {
    MaskingSchedule schedule = setting.process().schedule().common();
    double t = plan.times[step];
    double s = plan.times[step + 1];
    double largest = Math.min(1, schedule.oneMinusAlpha(s) / schedule.alpha(t));
    double[] sigma = plan.remasking.sigma(largest, confidences);
    double[] u = setting.noise().uniforms(Purpose.REMASK, step, start.index(), z.length);
    double plain = schedule.unmaskProbability(s, t);
    double odds = schedule.alpha(t) / schedule.oneMinusAlpha(t);
    revealed = places(n -> isMask(z[n]) && u[n] < plain + sigma[n] * odds);
    masked = places(n -> !isMask(z[n]) && isMask(start.zt()[n]) && u[n] < sigma[n]);
  }

  private int[] places(IntPredicate of) {
    return IntStream.range(0, z.length).filter(of).toArray();
  }

  private boolean isMask(int token) {
    return setting.process().space().isMask(token);
  }

  private void maskAgain(Changes changes) {
    for (int n : masked) {
      z[n] = setting.maskToken();
      confidences[n] = Double.POSITIVE_INFINITY;
      changes.changed(moment(), n, setting.maskToken(), Double.NaN);
    }
    masked = new int[0];
  }
}
