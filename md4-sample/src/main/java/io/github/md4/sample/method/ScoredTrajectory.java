// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;
import java.util.function.DoubleFunction;

/**
 * A trajectory of the scores themselves: every step draws at each masked position a token, or that
 * it stays, with probabilities that need not add up to the schedule's. After the last step what is
 * still masked is drawn in proportion to the scores (Tweedie's denoiser).
 *
 * <p>Corrector steps follow each step: masks are revealed with the rates of the reverse process,
 * and tokens masked with those of the noise, which leaves the law at the step's time as it is.
 */
final class ScoredTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final Rule rule;
  private final StepNoise noise;
  private int call; // of all, predictor and correctors
  private int[] masked;
  private boolean[] isRemasked = {};

  /**
   * The parts that are the same for all sequences of a request.
   *
   * @param correctors after each step but the last
   */
  private record Rule(
      SamplingContext context,
      MaskingSchedule schedule,
      ScoreForm form,
      StepTimes times,
      ScoredStep step,
      int correctors,
      Leftovers leftovers) {

    int callsAStep() {
      return 1 + correctors;
    }

    int lastCall() {
      return ScoredTrajectory.lastCall(times, correctors);
    }

    boolean isCorrector(int call) {
      return call != lastCall() && call % callsAStep() != 0;
    }

    /** Returns the number of steps that are over at a call. */
    int step(int call) {
      if (call == lastCall()) {
        return times.steps();
      }
      return call / callsAStep() + (isCorrector(call) ? 1 : 0);
    }

    /** Returns the length of the step that a call makes, or corrects. */
    double length(int call) {
      int step = call / callsAStep();
      return times.time(step) - times.time(step + 1);
    }

    /** Returns the logarithm of the factor of {@code softmax(f)}, or of {@code exp(f)}. */
    double logFactor(int call) {
      if (call == lastCall()) {
        return Double.POSITIVE_INFINITY;
      }
      double t = times.time(step(call));
      double shift = form.shift(context.space(), schedule, t);
      double share =
          isCorrector(call)
              ? -schedule.lossWeight(t) * length(call)
              : step.share(schedule, t - length(call), t);
      return Math.log(share) + shift;
    }

    /** Returns the probability with which a corrector masks a token. */
    double remasked(int call) {
      double t = times.time(step(call));
      return -Math.expm1(schedule.alphaPrime(t) / schedule.alpha(t) * length(call));
    }
  }

  private ScoredTrajectory(PartialSequence sequence, Rule rule, StepNoise noise) {
    this.sequence = sequence;
    this.rule = rule;
    this.noise = noise;
    this.masked = sequence.masked();
    prepare((point, position, token, probability) -> {});
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule,
      ScoreForm form,
      SamplingSteps steps,
      ScoredStep step,
      int correctors,
      Leftovers leftovers) {
    SamplingProcedure procedure =
        procedure(
            schedule,
            new Steps(form, steps::from, step, correctors, leftovers),
            new RowDraw.Scored(form.isNormalised(), step.leaps()),
            StepNoise.Source.OF_SEED);
    return correctors == 0 ? procedure : procedure.revising();
  }

  /**
   * The steps of a sampler, and the form of the scores they are made of.
   *
   * @param times by the share of the way that lies before a request's sequences
   */
  record Steps(
      ScoreForm form,
      DoubleFunction<StepTimes> times,
      ScoredStep step,
      int correctors,
      Leftovers leftovers) {}

  static SamplingProcedure procedure(
      MaskingSchedule schedule, Steps steps, RowDraw draw, StepNoise.Source noise) {
    return new SamplingProcedure(
            context -> {
              StepTimes times = steps.times.apply(context.from());
              Rule rule =
                  new Rule(
                      context,
                      schedule,
                      steps.form,
                      times,
                      steps.step,
                      steps.correctors,
                      steps.leftovers);
              return initial -> {
                PartialSequence own = new PartialSequence(context, initial);
                return new ScoredTrajectory(own, rule, noise.of(own, initial));
              };
            },
            draw,
            false)
        .counting(
            context -> {
              int calls = lastCall(steps.times.apply(context.from()), steps.correctors) + 1;
              return sequence -> QueryRows.equal(calls, sequence.masked().length);
            });
  }

  /** Returns the number of the call that fills what is left. */
  private static int lastCall(StepTimes times, int correctors) {
    return times.steps() * (1 + correctors) - correctors;
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  /** A call with nothing to ask makes none: it is skipped by {@link #prepare}. */
  @Override
  public boolean isDone() {
    return call > rule.lastCall();
  }

  @Override
  public TrajectoryQuery query() {
    double[][] u = noise.draws(call, masked);
    if (call == rule.lastCall()) {
      for (double[] each : u) {
        Arrays.setAll(each, r -> rule.leftovers.uniform(each[r]));
      }
    }
    double[][] all = Arrays.copyOf(u, u.length + 1);
    all[u.length] = new double[masked.length];
    Arrays.fill(all[u.length], rule.logFactor(call));
    return new TrajectoryQuery(point(), masked, all);
  }

  private GridPoint point() {
    return GridPoint.of(rule.times, rule.step(call));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < masked.length; r++) {
      if (!sequence.isMask(draws, r)) {
        sequence.reveal(point(), masked[r], draws, r, changes);
      }
    }
    remask(changes);
    call++;
    prepare(changes);
  }

  /** Draws what the call masks again, and skips calls that change nothing. */
  private void prepare(Changes changes) {
    masked = sequence.masked();
    while (!isDone()) {
      isRemasked = remasked();
      if (masked.length > 0 || any(isRemasked)) {
        break;
      }
      call++;
    }
    // Where all is shown, the corrector's masks come without a call of the network.
    if (!isDone() && masked.length == 0) {
      remask(changes);
      call++;
      prepare(changes);
    }
  }

  private boolean[] remasked() {
    boolean[] remasked = new boolean[sequence.length()];
    if (rule.isCorrector(call)) {
      double p = rule.remasked(call);
      double[] u = sequence.uniforms(Purpose.REMASK, call);
      for (int n = 0; n < remasked.length; n++) {
        remasked[n] = !sequence.isMasked(n) && !sequence.isFrozen(n) && u[n] < p;
      }
    }
    return remasked;
  }

  private static boolean any(boolean... values) {
    for (boolean value : values) {
      if (value) {
        return true;
      }
    }
    return false;
  }

  private void remask(Changes changes) {
    for (int n = 0; n < isRemasked.length; n++) {
      if (isRemasked[n]) {
        sequence.mask(point(), n, changes);
      }
    }
  }
}
