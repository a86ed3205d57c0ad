// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.StepTimes;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;

/**
 * A trajectory of the reference's loop: every step draws at all masked positions, and float32
 * Gumbel noise decides whether they are revealed, too. Since that noise loses rare outcomes, this
 * depends on the network, and no step can be left out.
 */
final class ReferenceTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final Rule rule;
  private int step;
  private int[] masked;

  /** The parts that are the same for all sequences of a request. */
  private record Rule(
      MaskingSchedule schedule, StepTimes times, DrawCount draws, Leftovers leftovers) {

    /** Returns the probability of being revealed that is left to the draw of a step's token. */
    double revealed(int step, int bits) {
      if (step == times.steps()) {
        return leftovers.uniform(1); // certainly a token, the likeliest or a drawn one
      }
      double probability = schedule.unmaskProbability(times.time(step + 1), times.time(step));
      return draws.revealed(probability, bits);
    }
  }

  /** The number of draws of a step at a position. */
  enum DrawCount {
    /** One draw of V + 1 outcomes: a token, or the mask, which reveals nothing. */
    ONE {
      @Override
      double revealed(double probability, int bits) {
        return probability;
      }
    },
    /** A float32 uniform for the reveal, and independently a draw of the token (Algorithm 3). */
    TWO {
      @Override
      double revealed(double probability, int bits) {
        return (bits >>> UNUSED_BITS) * FLOAT_STEP < (float) probability ? 1 : 0;
      }
    };

    private static final int UNUSED_BITS = 9;
    private static final float FLOAT_STEP = 0x1p-23f;

    /** Returns the probability that is left to the draw of the token. */
    abstract double revealed(double probability, int bits);
  }

  private ReferenceTrajectory(PartialSequence sequence, Rule rule) {
    this.sequence = sequence;
    this.rule = rule;
    this.masked = sequence.masked();
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule, SamplingSteps steps, DrawCount draws, Leftovers leftovers) {
    return new SamplingProcedure(
            context -> {
              Rule rule = new Rule(schedule, steps.from(context.from()), draws, leftovers);
              return initial ->
                  new ReferenceTrajectory(new PartialSequence(context, initial), rule);
            },
            new RowDraw.Reference(),
            false)
        .counting(
            context -> {
              int calls = steps.from(context.from()).steps() + 1;
              return sequence -> QueryRows.equal(calls, sequence.masked().length);
            });
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return masked.length == 0 || step > rule.times.steps();
  }

  @Override
  public TrajectoryQuery query() {
    double[][] noise = new double[3][masked.length];
    int[] block = new int[4];
    for (int r = 0; r < masked.length; r++) {
      sequence.fill(block, Purpose.SAMPLE, step, masked[r]);
      noise[0][r] = block[0];
      noise[1][r] = block[1] & 0xFFFFFFFFL;
      noise[2][r] = rule.revealed(step, block[2]);
    }
    return new TrajectoryQuery(point(), masked, noise);
  }

  private GridPoint point() {
    return GridPoint.of(rule.times, step);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < masked.length; r++) {
      if (!sequence.isMask(draws, r)) {
        sequence.reveal(point(), masked[r], draws, r, changes);
      }
    }
    step++;
    masked = sequence.masked();
  }
}
