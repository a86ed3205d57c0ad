// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.noise.Noise.Purpose;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The walk that reveals first what the network is surest of (LLaDA, Dream): at each step all masked
 * positions are asked, and of the drawn tokens those with the highest scores stay.
 *
 * <p>The network is told the time at which as many positions are masked on average.
 */
final class OrderedTrajectory implements Trajectory {
  private final SamplingContext setting;
  private final Pace pace;
  private final InitialSequence start;
  private final int[] z;
  private int step;
  private int[] masked;

  /**
   * How many stay, and how strictly by their scores.
   *
   * @param temperature of the choice of positions: they are drawn, without putting back, with
   *     probabilities proportional to {@code exp(score / temperature)}; 0 takes the highest
   */
  record Pace(int tokensAStep, double temperature) {
    private static final double TIE = 1e-3;

    Pace {
      if (tokensAStep < 1) {
        throw new IllegalArgumentException("tokensAStep must be at least 1: " + tokensAStep);
      }
      if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("order temperature must be at least 0: " + temperature);
      }
    }

    /**
     * Returns the score with noise, by whose largest the positions are chosen: Gumbel noise makes
     * the choice such a draw. Without a temperature the noise is so small that it only decides
     * between scores that rounding would decide between, as all are where nothing is revealed yet.
     */
    double rank(double score, double u) {
      return temperature == 0 ? score + TIE * u : score / temperature - Math.log(-Math.log(u));
    }
  }

  private OrderedTrajectory(SamplingContext setting, Pace pace, InitialSequence start) {
    this.setting = setting;
    this.pace = pace;
    this.start = start;
    this.z = start.zt().clone();
    this.masked = start.holes(setting.process().space());
  }

  static Beginning beginning(SamplingContext setting, Pace pace) {
    return start -> new OrderedTrajectory(setting, pace, start);
  }

  @Override
  public int[] z() {
    return z;
  }

  @Override
  public boolean isDone() {
    return masked.length == 0;
  }

  @Override
  public TrajectoryQuery question() {
    double[] u = setting.uniforms(Purpose.SAMPLE, step, start, masked);
    return new TrajectoryQuery(moment(), masked, new double[][] {u});
  }

  private GridPoint moment() {
    double share = (double) masked.length / z.length;
    return new GridPoint(step, setting.process().schedule().common().timeWhenMasked(share));
  }

  @Override
  public void answer(Draws answers, Changes changes) {
    GridPoint moment = moment();
    double[] u = setting.uniforms(Purpose.ORDER, step, start, masked);
    IntStream.range(0, masked.length)
        .boxed()
        .sorted(Comparator.comparingDouble(r -> -pace.rank(answers.score(r), u[r])))
        .limit(pace.tokensAStep)
        .sorted()
        .forEach(
            r -> {
              z[masked[r]] = answers.token(r);
              changes.changed(moment, masked[r], answers.token(r), answers.probability(r));
            });
    step++;
    masked = InitialSequence.holes(setting.process().space(), z);
  }
}
