// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtMasks;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

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
    return point(steps.get(done), sequence.masked().length);
  }

  private GridPoint point(Step at, int left) {
    double share = (double) left / sequence.length();
    return new GridPoint(at.number(), schedule.timeWhenMasked(share));
  }

  @Override
  public Optional<Iterator<QueryAhead>> ahead() {
    int[] masked = sequence.masked();
    List<Step> further = steps.subList(done, steps.size());
    int[] revealed = new int[further.size() + 1]; // of these masks, before each step
    Arrays.setAll(revealed, i -> i == 0 ? 0 : revealed[i - 1] + further.get(i - 1).count());
    return Optional.of(
        IntStream.range(0, further.size())
            .mapToObj(i -> ahead(further.get(i), masked, revealed[i]))
            .iterator());
  }

  private QueryAhead ahead(Step at, int[] masked, int revealed) {
    int place = Arrays.binarySearch(masked, at.end());
    int before = place < 0 ? -1 - place : place;
    int[] all = sequence.positions(n -> true);
    return new AtMasks(
        point(at, masked.length - revealed),
        before - revealed,
        at.end(),
        noise.draws(at.number(), all)[0],
        ranks().of(noise.order(at.number(), all), at.count()));
  }

  @Override
  public void advance(Draws draws, Changes changes) {
    GridPoint point = point();
    int[] asked = asked();
    Step step = steps.get(done);
    double[] u = noise.order(step.number(), asked);
    for (int r : ranks().chosen(draws::probability, u, step.count())) {
      sequence.reveal(point, asked[r], draws, r, changes);
    }
    done++;
  }

  private Ranks ranks() {
    return remasking == PublishedMethod.Remasking.RANDOM ? Ranks.RANDOM : Ranks.OF_CONFIDENCE;
  }
}
