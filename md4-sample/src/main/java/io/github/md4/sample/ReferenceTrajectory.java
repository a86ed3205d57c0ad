// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.noise.Noise.Purpose;

/**
 * The reference's loop: at every step all masked positions are asked, and float32 Gumbel noise
 * decides whether they are revealed, too. Since that noise loses rare outcomes, whether depends on
 * the network, and no step can be left out.
 */
final class ReferenceTrajectory implements Trajectory {
  private final SamplingContext setting;
  private final Plan plan;
  private final InitialSequence start;
  private final int[] z;
  private int step;
  private int[] masked;

  /** The same for all sequences. */
  private record Plan(int first, double[] times, DrawCount draws, Leftovers leftovers) {

    /** Returns how many steps there are. */
    int steps() {
      return times.length - 1;
    }
  }

  /** What a step draws. */
  enum DrawCount {
    /** Whether and what at once: one of V + 1 outcomes. */
    ONE {
      @Override
      double revealed(double probability, int bits) {
        return probability;
      }
    },
    /** Whether, by a float32 uniform, and independently what (MD4, Algorithm 3). */
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

  private ReferenceTrajectory(SamplingContext setting, Plan plan, InitialSequence start) {
    this.setting = setting;
    this.plan = plan;
    this.start = start;
    this.z = start.zt().clone();
    this.masked = start.holes(setting.process().space());
  }

  static Beginning beginning(
      SamplingContext setting, SamplingSteps steps, DrawCount draws, Leftovers leftovers) {
    int first = steps.first(setting.from());
    Plan plan = new Plan(first, steps.timesFrom(first), draws, leftovers);
    return start -> new ReferenceTrajectory(setting, plan, start);
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return masked.length == 0 || step > plan.steps();
  }

  @Override
  public TrajectoryQuery question() {
    double[][] noise = new double[3][masked.length];
    int[] block = new int[4];
    for (int r = 0; r < masked.length; r++) {
      setting.noise().fill(block, Purpose.SAMPLE, step, start.index(), masked[r]);
      noise[0][r] = block[0];
      noise[1][r] = block[1] & 0xFFFFFFFFL;
      noise[2][r] = revealed(block[2]);
    }
    return new TrajectoryQuery(moment(), masked, noise);
  }

  private GridPoint moment() {
    return new GridPoint(plan.first + step, plan.times[step]);
  }

  private double revealed(int bits) {
    if (step == plan.steps()) {
      return plan.leftovers.uniform(1); // surely a token, the likeliest or a drawn one
    }
    double probability =
        setting
            .process()
            .schedule()
            .common()
            .unmaskProbability(plan.times[step + 1], plan.times[step]);
    return plan.draws.revealed(probability, bits);
  }

  @Override
  public void answer(Draws answers, Changes changes) {
    for (int r = 0; r < masked.length; r++) {
      if (answers.token(r) != setting.maskToken()) {
        z[masked[r]] = answers.token(r);
        changes.changed(moment(), masked[r], answers.token(r), answers.probability(r));
      }
    }
    step++;
    masked = InitialSequence.holes(setting.process().space(), z);
  }
}
