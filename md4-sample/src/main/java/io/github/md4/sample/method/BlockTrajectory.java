// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A trajectory in blocks (LLaDA's generate, dllm's MDLMSampler). The blocks are made of the masks
 * in their order, so that a prompt and an answer of masks have the authors' blocks, and holes
 * between given tokens have some too.
 */
final class BlockTrajectory implements Trajectory {
  private final PartialSequence sequence;
  private final MaskingSchedule schedule;
  private final PublishedMethod.Remasking remasking;
  private final StepNoise noise;
  private final List<Step> steps;
  private int done;

  /**
   * A step.
   *
   * @param number among all, those that reveal nothing too
   * @param end of the block: the first position that is not drawn yet
   * @param count of the tokens that stay
   */
  record Step(int number, int end, int count) {}

  private BlockTrajectory(
      PartialSequence sequence,
      MaskingSchedule schedule,
      PublishedMethod.Blocks method,
      StepNoise noise) {
    this.sequence = sequence;
    this.schedule = schedule;
    this.remasking = method.remasking();
    this.noise = noise;
    this.steps = steps(method, sequence.masked());
  }

  static SamplingProcedure procedure(MaskingSchedule schedule, PublishedMethod.Blocks method) {
    return procedure(
        schedule, method, new RowDraw.Exact(Confidence.PROBABILITY), StepNoise.Source.OF_SEED);
  }

  static SamplingProcedure procedure(
      MaskingSchedule schedule,
      PublishedMethod.Blocks method,
      RowDraw draw,
      StepNoise.Source noise) {
    return new SamplingProcedure(
            noise.trajectories(
                (own, uniforms) -> new BlockTrajectory(own, schedule, method, uniforms)),
            draw,
            true)
        .counting(context -> sequence -> rows(method, sequence.masked()));
  }

  /** Returns the numbers of positions of the queries: the masks of a block that are left. */
  private static int[] rows(PublishedMethod.Blocks method, int[] masked) {
    List<Step> steps = steps(method, masked);
    int[] rows = new int[steps.size()];
    int revealed = 0;
    for (int i = 0; i < rows.length; i++) {
      int last = Arrays.binarySearch(masked, steps.get(i).end() - 1); // a block ends in a mask
      rows[i] = last + 1 - revealed;
      revealed += steps.get(i).count();
    }
    return rows;
  }

  /** Returns the steps that reveal something. */
  static List<Step> steps(PublishedMethod.Blocks method, int[] masked) {
    int blocks = (masked.length + method.block() - 1) / method.block();
    List<Step> steps = new ArrayList<>();
    int number = 0;
    for (int i = 0; i < blocks; i++) {
      int first = i * method.block();
      int last = Math.min(masked.length, first + method.block());
      for (int count : method.count().of(last - first, method.steps(), blocks)) {
        if (count > 0) {
          steps.add(new Step(number, masked[last - 1] + 1, count));
        }
        number++;
      }
    }
    return steps;
  }

  @Override
  public int[] z() {
    return sequence.z();
  }

  @Override
  public boolean isDone() {
    return done == steps.size();
  }

  @Override
  public TrajectoryQuery query() {
    int[] asked = asked();
    return new TrajectoryQuery(point(), asked, noise.draws(steps.get(done).number(), asked));
  }

  private int[] asked() {
    int end = steps.get(done).end();
    return sequence.positions(n -> n < end && sequence.isMasked(n));
  }

  private GridPoint point() {
    double share = (double) sequence.masked().length / sequence.length();
    return new GridPoint(steps.get(done).number(), schedule.timeWhenMasked(share));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    int[] asked = asked();
    for (int r : Largest.of(ranks(draws, asked), steps.get(done).count())) {
      sequence.reveal(point, asked[r], draws, r, changes);
    }
    done++;
  }

  private double[] ranks(Draws draws, int[] asked) {
    if (remasking == PublishedMethod.Remasking.RANDOM) {
      return noise.order(steps.get(done).number(), asked);
    }
    double[] ranks = new double[asked.length];
    Arrays.setAll(ranks, draws::probability);
    return ranks;
  }
}
