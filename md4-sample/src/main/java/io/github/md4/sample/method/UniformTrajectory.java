// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;

/**
 * A trajectory of a model with uniform noise: it begins with tokens drawn uniformly at the holes,
 * and every step draws all of them anew. What is given never changes.
 */
final class UniformTrajectory implements Trajectory {
  private final PartialSequence given;
  private final SamplingContext context;
  private final Rule rule;
  private final int[] z;
  private final int[] holes;
  private int call;

  /**
   * The steps, the same for all sequences of a request.
   *
   * @param leap whether steps are leaps of continuous time, or those of discrete time
   * @param correctors after each step but the last
   */
  private record Rule(
      MaskingSchedule schedule, StepTimes times, Leap leap, int correctors, Leftovers leftovers) {

    int calls() {
      return times.steps() * (1 + correctors) - correctors;
    }

    boolean isCorrector(int call) {
      return call % (1 + correctors) != 0;
    }

    int step(int call) {
      int step = call / (1 + correctors);
      return isCorrector(call) ? step + 1 : step;
    }
  }

  /** The kind of the steps. */
  enum Leap {
    /** Of discrete time: {@code p(z_s | z_t)}. */
    NONE,
    /** Of continuous time, at most one jump a position. */
    TAU
  }

  private UniformTrajectory(SamplingContext context, InitialSequence initial, Rule rule) {
    this.context = context;
    this.given = new PartialSequence(context, initial);
    this.rule = rule;
    this.holes = given.masked();
    this.z = given.z();
    double[] u = given.uniforms(Purpose.REVEAL, 0);
    for (int n : holes) {
      z[n] = token(u[n]);
    }
  }

  private int token(double u) {
    return (int) (u * context.space().vocabularySize());
  }

  /** Returns the procedure of discrete time's steps. */
  static SamplingProcedure steps(
      MaskingSchedule schedule, SamplingSteps steps, Leftovers leftovers) {
    return procedure(schedule, steps, Leap.NONE, 0, leftovers, new RowDraw.UniformStep());
  }

  /** Returns the procedure of leaps with correctors. */
  static SamplingProcedure leaps(
      MaskingSchedule schedule, SamplingSteps steps, int correctors, Leftovers leftovers) {
    return procedure(schedule, steps, Leap.TAU, correctors, leftovers, new RowDraw.UniformLeap());
  }

  private static SamplingProcedure procedure(
      MaskingSchedule schedule,
      SamplingSteps steps,
      Leap leap,
      int correctors,
      Leftovers leftovers,
      RowDraw draw) {
    return new SamplingProcedure(
            context -> {
              Rule rule =
                  new Rule(schedule, steps.from(context.from()), leap, correctors, leftovers);
              return initial -> new UniformTrajectory(context, initial, rule);
            },
            draw,
            true)
        .revising()
        .counting(
            context -> {
              Rule rule =
                  new Rule(schedule, steps.from(context.from()), leap, correctors, leftovers);
              return sequence -> QueryRows.equal(rule.calls(), sequence.masked().length);
            });
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return holes.length == 0 || call == rule.calls();
  }

  @Override
  public TrajectoryQuery query() {
    double[] u = given.uniforms(Purpose.SAMPLE, call, holes);
    double[] shown = Arrays.stream(holes).mapToDouble(n -> z[n]).toArray();
    double t = rule.times.time(rule.step(call));
    return new TrajectoryQuery(point(), holes, noise(u, shown, t));
  }

  private double[][] noise(double[] u, double[] shown, double t) {
    int step = call / (1 + rule.correctors);
    double s = rule.times.time(step + 1);
    if (rule.leap == Leap.NONE) {
      return new double[][] {
        u, shown, filled(rule.schedule.alpha(s)), filled(rule.schedule.alpha(t))
      };
    }
    double length = rule.times.time(step) - s;
    double beta = -rule.schedule.alphaPrime(t) / rule.schedule.alpha(t);
    return new double[][] {
      u,
      shown,
      filled(rule.schedule.alpha(t)),
      filled(beta * length / context.space().vocabularySize()),
      filled(rule.isCorrector(call) ? 1 : 0)
    };
  }

  private double[] filled(double value) {
    double[] all = new double[holes.length];
    Arrays.fill(all, value);
    return all;
  }

  private GridPoint point() {
    return GridPoint.of(rule.times, rule.step(call));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < holes.length; r++) {
      int token = draws.token(r);
      if (call == 0 || token != z[holes[r]]) { // at first a listener knows holes only
        z[holes[r]] = token;
        changes.changed(point(), holes[r], token, draws.probability(r));
      }
    }
    call++;
    if (call == rule.calls()) {
      decode(changes);
    }
  }

  /** Draws the clean tokens given what is shown at time 0, or takes the likeliest: those shown. */
  private void decode(Changes changes) {
    double[] u = given.uniforms(Purpose.REVEAL, 1);
    double alpha = rule.schedule.alpha(rule.times.time(rule.times.steps()));
    for (int n : holes) {
      double drawn = rule.leftovers.uniform(u[n]);
      if (drawn >= alpha) {
        z[n] = Math.min(token((drawn - alpha) / (1 - alpha)), context.space().maskToken() - 1);
        changes.changed(GridPoint.of(rule.times, rule.times.steps()), n, z[n], Double.NaN);
      }
    }
  }
}
