// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.BlockQuery;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Arrays;

/**
 * A trajectory that unmasks one block of positions after another, from left to right (BD3-LM's
 * samplers). Of what follows its block a network of blocks sees nothing.
 *
 * <p>A step draws at the masked positions of the block a token, or that it stays masked; or, where
 * positions are revealed one by one, at one of them that is chosen uniformly. A step that cannot
 * reveal anything makes no call.
 */
final class BlockwiseTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final PublishedMethod.Blockwise method;
  private final StepNoise noise;
  private int block;
  private int step; // of the block
  private int pass; // of all
  private TrajectoryQuery next;

  private BlockwiseTrajectory(
      PartialSequence sequence,
      MaskingSchedule schedule,
      PublishedMethod.Blockwise method,
      StepNoise noise) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.method = method;
    this.noise = noise;
    prepare();
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, PublishedMethod.Blockwise method) {
    return procedure(schedule, method, new RowDraw.Scored(true, false), StepNoise.Source.OF_SEED);
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule,
      PublishedMethod.Blockwise method,
      RowDraw draw,
      StepNoise.Source noise) {
    return new SamplingProcedure(
        noise.trajectories(
            (own, uniforms) -> new BlockwiseTrajectory(own, schedule, method, uniforms)),
        draw,
        false,
        (plain, batchSize, length) -> BlockQuery.of(plain, method.block(), length));
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return next == null;
  }

  @Override
  public TrajectoryQuery query() {
    return next;
  }

  /** Goes on to the next step that may reveal something. */
  private void prepare() {
    next = null;
    while (next == null && block * method.block() < sequence.length()) {
      int first = block * method.block();
      int end = first + method.block();
      int[] masked = sequence.positions(n -> n >= first && n < end && sequence.isMasked(n));
      if (masked.length == 0 || step >= method.mostSteps()) {
        block++;
        step = 0;
      } else {
        next = query(masked);
        if (next == null) {
          step++;
          pass++;
        }
      }
    }
  }

  /** Returns the query of a step, or null where its noise reveals nothing. */
  private TrajectoryQuery query(int[] masked) {
    double share = method.share(step);
    int[] asked = masked;
    if (method.isOneByOne()) {
      double u = noise.order(pass, masked)[0];
      asked = new int[] {masked[(int) (u * masked.length)]};
    }
    double[][] u = noise.draws(pass, asked);
    if (u.length == 1 && Arrays.stream(u[0]).noneMatch(each -> each < share)) {
      return null;
    }
    double[][] all = Arrays.copyOf(u, u.length + 1);
    all[u.length] = new double[asked.length];
    // All that is left is drawn for certain; no factor of a sum of probabilities.
    Arrays.fill(all[u.length], share < 1 ? Math.log(share) : Double.POSITIVE_INFINITY);
    double left = (double) masked.length / sequence.length();
    return new TrajectoryQuery(new GridPoint(pass, schedule.timeWhenMasked(left)), asked, all);
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    for (int r = 0; r < next.positions().length; r++) {
      if (!sequence.isMask(draws, r)) {
        sequence.reveal(next.point(), next.positions()[r], draws, r, changes);
      }
    }
    step++;
    pass++;
    prepare();
  }
}
