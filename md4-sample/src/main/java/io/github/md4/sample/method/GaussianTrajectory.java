// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.GaussianProcess;
import io.github.md4.core.diffusion.NoisyVectors;
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
 * A trajectory of Gaussian diffusion: it begins with normal vectors at the holes, and each step
 * draws those of the earlier time given the network's guess of the embeddings,
 *
 * <pre>{@code
 * z_s ~ N(sqrt(a) (1 - alpha_s) / (1 - alpha_t) z_t + sqrt(alpha_s) (1 - a) / (1 - alpha_t) guess,
 *         (1 - alpha_s) (1 - a) / (1 - alpha_t)),     a = alpha_t / alpha_s
 * }</pre>
 *
 * <p>At time 0 a last call draws the tokens. Given tokens are shown with noise of their own.
 */
final class GaussianTrajectory implements Trajectory {
  private final PartialSequence given;
  private final Rule rule;
  private final int[] shown;
  private final int[] holes;
  private final double[][] vectors; // of each position: its state, or the noise of a given token
  private int call;

  private record Rule(GaussianProcess process, StepTimes times, Leftovers leftovers) {
    int width() {
      return process.width();
    }
  }

  private GaussianTrajectory(SamplingContext context, InitialSequence initial, Rule rule) {
    this.given = new PartialSequence(context, initial);
    this.rule = rule;
    this.shown = given.z().clone();
    this.holes = given.masked();
    this.vectors =
        Arrays.stream(given.uniforms(Purpose.REVEAL, 0))
            .mapToObj(rule.process::normals)
            .toArray(double[][]::new);
  }

  /** Returns the procedure of ancestral steps. */
  static SamplingProcedure procedure(
      MaskingSchedule schedule, int width, SamplingSteps steps, Leftovers leftovers) {
    GaussianProcess process = new GaussianProcess(schedule, width);
    return new SamplingProcedure(
            context -> {
              Rule rule = new Rule(process, steps.from(context.from()), leftovers);
              return initial -> new GaussianTrajectory(context, initial, rule);
            },
            new RowDraw.Gaussian(width),
            true)
        .counting(
            context -> {
              int calls = steps.from(context.from()).steps() + 1;
              return sequence -> QueryRows.equal(calls, sequence.masked().length);
            });
  }

  @Override
  public int[] z() {
    return given.z();
  }

  /** Returns the given tokens, and masks where the vectors are all that there is. */
  @Override
  public int[] shown() {
    return shown;
  }

  @Override
  public boolean isDone() {
    return holes.length == 0 || call > rule.times.steps();
  }

  @Override
  public TrajectoryQuery query() {
    double[] u = given.uniforms(Purpose.SAMPLE, call, holes);
    double[] drawn = Arrays.stream(u).map(rule.leftovers::uniform).toArray();
    double t = rule.times.time(call);
    float[] added = new float[shown.length * rule.width()];
    double sigma = Math.sqrt(rule.process.schedule().oneMinusAlpha(t));
    for (int n = 0; n < shown.length; n++) {
      double factor = given.isFrozen(n) ? sigma : 1;
      for (int d = 0; d < rule.width(); d++) {
        added[n * rule.width() + d] = (float) (factor * vectors[n][d]);
      }
    }
    return new TrajectoryQuery(
        point(), holes, new double[][] {drawn}, new NoisyVectors(rule.process.scale(t), added));
  }

  private GridPoint point() {
    return GridPoint.of(rule.times, call);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    if (call == rule.times.steps()) {
      for (int r = 0; r < holes.length; r++) {
        given.reveal(point(), holes[r], draws, r, changes);
      }
    } else {
      double[] u = given.uniforms(Purpose.REMASK, call, holes);
      Step step = step();
      for (int r = 0; r < holes.length; r++) {
        double[] noise = rule.process.normals(u[r]);
        double[] z = vectors[holes[r]];
        for (int d = 0; d < z.length; d++) {
          z[d] = step.next(z[d], draws.guess(r, d), noise[d]);
        }
      }
    }
    call++;
  }

  private Step step() {
    MaskingSchedule schedule = rule.process.schedule();
    double t = rule.times.time(call);
    double s = rule.times.time(call + 1);
    double kept = schedule.alpha(t) / schedule.alpha(s);
    double noiseS = schedule.oneMinusAlpha(s);
    double noiseT = schedule.oneMinusAlpha(t);
    double lost = schedule.unmaskProbability(s, t) * noiseT / schedule.alpha(s); // 1 - kept
    return new Step(
        Math.sqrt(kept) * noiseS / noiseT,
        Math.sqrt(schedule.alpha(s)) * lost / noiseT,
        Math.sqrt(noiseS * lost / noiseT));
  }

  /** The factors of a step: of the state, of the guess, of the noise. */
  private record Step(double ofState, double ofGuess, double ofNoise) {
    double next(double state, double guess, double noise) {
      return ofState * state + ofGuess * guess + ofNoise * noise;
    }
  }
}
