// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.GenMd4Reverse;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.core.schedule.GenMd4Schedule;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A walk where each token has its power: a position asks at times of its own, and keeps what is
 * drawn or asks again later. Three uniforms for each time that it asks: when, what, and whether it
 * is kept.
 */
final class GenMd4Trajectory implements Trajectory {
  private final SamplingContext setting;
  private final GenMd4Reverse reverse;
  private final InitialSequence start;
  private final int[] z;
  private final double[] due; // when a masked position asks next, 0 for all that never will, [N]
  private final int[] draws; // how often it has asked, [N]
  private int[] asked = {};
  private double time;
  private int times;

  private GenMd4Trajectory(SamplingContext setting, GenMd4Reverse reverse, InitialSequence start) {
    this.setting = setting;
    this.reverse = reverse;
    this.start = start;
    this.z = start.zt().clone();
    this.due = new double[z.length];
    this.draws = new int[z.length];
  }

  /**
   * @param from the time at which sequences begin
   */
  static Beginning beginning(
      SamplingContext setting, Function<GenMd4Schedule, GenMd4Reverse> of, double from) {
    GenMd4Reverse reverse = of.apply((GenMd4Schedule) setting.process().schedule());
    return start -> {
      GenMd4Trajectory walk = new GenMd4Trajectory(setting, reverse, start);
      for (int hole : start.holes(setting.process().space())) {
        walk.schedule(hole, from);
      }
      walk.advance();
      return walk;
    };
  }

  private void schedule(int position, double from) {
    due[position] = reverse.next(from, uniform(Purpose.REVEAL, position));
  }

  /** A function of how often the position has asked, and of nothing that happens elsewhere. */
  private double uniform(Purpose purpose, int position) {
    return setting.noise().uniform(purpose, draws[position], start.index(), position);
  }

  private void advance() {
    double next = Arrays.stream(due).max().orElse(0);
    asked =
        next == 0 ? new int[0] : IntStream.range(0, z.length).filter(n -> due[n] == next).toArray();
    time = next;
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return asked.length == 0;
  }

  @Override
  public TrajectoryQuery question() {
    double[] u = Arrays.stream(asked).mapToDouble(n -> uniform(Purpose.SAMPLE, n)).toArray();
    return new TrajectoryQuery(moment(), asked, new double[][] {u});
  }

  private GridPoint moment() {
    return new GridPoint(reverse.step(time, times), time);
  }

  @Override
  public void answer(Draws answers, Changes changes) {
    for (int r = 0; r < asked.length; r++) {
      int position = asked[r];
      int token = answers.token(r);
      if (isKept(position, token)) {
        z[position] = token;
        due[position] = 0;
        changes.changed(moment(), position, token, answers.probability(r));
      } else {
        draws[position]++;
        schedule(position, reverse.after(time));
      }
    }
    times++;
    advance();
  }

  /** A mask in place of a token is nobody's answer, by which calls are counted. */
  private boolean isKept(int position, int token) {
    return token != setting.maskToken()
        && reverse.isKept(token, time, uniform(Purpose.KEEP, position));
  }
}
