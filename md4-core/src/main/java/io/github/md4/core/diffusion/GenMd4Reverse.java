// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.ndarray.NDGenMd4Schedule;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.PowerOrder;
import io.github.md4.core.schedule.StepTimes;

/**
 * Unmasking as time runs from 1 to 0 where each token has its power (GenMD4; spec, Section 3.5): in
 * a step from {@code t} to {@code s} a masked position becomes {@code v} with the probability
 *
 * <pre>{@code
 * (1 - (s / t)^w_v) mu_v
 * }</pre>
 *
 * <p>Unlike in {@link ReverseProcess}, whether a position is revealed depends on the network. It
 * would not if all tokens had the largest power w. So at the times of that process a token is drawn
 * from {@code mu}, and kept with the rest of its own probability,
 *
 * <pre>{@code
 * (1 - (s / t)^w) * (1 - (s / t)^w_v) / (1 - (s / t)^w) = 1 - (s / t)^w_v
 * }</pre>
 *
 * <p>At all other times the network is not called, and the law is the same. A position whose token
 * is not kept stays masked, and a token is drawn for it again later.
 */
public sealed interface GenMd4Reverse {

  /** {@return the schedule of the process} */
  GenMd4Schedule schedule();

  /**
   * Returns a draw of {@code z_s} from {@code p(z_s | z_t)} for a batch of arrays on any device, by
   * the probabilities above; see {@link ReverseProcess#step}.
   *
   * @param zt partly masked tokens, int64 [B, N], in [0, V]; V is the mask
   * @param s earlier times, each in [0, its {@code t}], float32 or float64 [B]
   * @param t times in (0, 1], float32 or float64 [B]; their values are not checked
   * @param logits unnormalised {@code log mu}, float32 or float64 [B, N, V]
   * @param u uniforms in [0, 1), float32 or float64 [B, N]
   * @return int64 [B, N], in [0, V], attached to the manager of {@code zt}
   * @throws IllegalArgumentException if a shape is not the one named here, or {@code s}, {@code t}
   *     or {@code u} is not float32 or float64
   */
  default NDArray step(NDArray zt, NDArray s, NDArray t, NDArray logits, NDArray u) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      return NDGenMd4Schedule.of(schedule(), scope).step(zt, s, t, logits, u);
    }
  }

  /**
   * {@return the time that the network is told at the next draw for a masked position; 0 if there
   * is no further draw}
   *
   * @param time the time from which on the position has not been drawn for, in [0, 1]
   * @param u the noise of the position, uniform in [0, 1)
   */
  double next(double time, double u);

  /**
   * {@return the time from which on a position is drawn for again after a draw at {@code time}}
   *
   * @param time a time, in [0, 1]
   */
  double after(double time);

  /**
   * {@return whether a drawn token is kept}
   *
   * @param token a token, in [0, V)
   * @param time the time that {@link #next} returned, in [0, 1]
   * @param u the noise of the position, uniform in [0, 1)
   */
  boolean isKept(int token, double time, double u);

  /**
   * {@return the power from which on tokens are kept, up to rounding}
   *
   * @param time the time that {@link #next} returned, in [0, 1]
   * @param u the noise of the position, uniform in [0, 1)
   */
  double keptPower(double time, double u);

  /**
   * {@return the rank of the least power of which tokens are kept, in {@link
   * GenMd4Schedule#order()}; the number of all powers where none is}. A token of a larger power is
   * kept wherever one of a lesser is, in floating point, too.
   *
   * @param time the time that {@link #next} returned, in [0, 1]
   * @param u the noise of the position, uniform in [0, 1)
   */
  default int leastKept(double time, double u) {
    PowerOrder order = schedule().order();
    int rank = order.from(keptPower(time, u));
    while (rank > 0 && isKept(order.token(rank - 1), time, u)) {
      rank--;
    }
    while (rank < order.count() && !isKept(order.token(rank), time, u)) {
      rank++;
    }
    return rank;
  }

  /**
   * {@return the number of the step at a time}
   *
   * @param time a time, in [0, 1]
   * @param before the number of times at which tokens were drawn before it, at least 0
   */
  int step(double time, int before);

  /**
   * The steps of a grid.
   *
   * @param schedule the schedule with a power for each token
   * @param times the times of the steps, from the first to 0
   */
  record OnGrid(GenMd4Schedule schedule, StepTimes times) implements GenMd4Reverse {

    /** Uses one uniform: the chances of the steps up to a time add up to those of one long one. */
    @Override
    public double next(double time, double u) {
      double below = time * Math.pow(1 - u, 1 / schedule.largestPower());
      int reached = times.index(time);
      int end = times.index(Math.nextDown(below)); // the first time below, where a step ends
      return times.time(
          Math.max(reached, end - 1)); // at most the last, which draws all that is left
    }

    @Override
    public double after(double time) {
      return times.time(times.index(time) + 1);
    }

    @Override
    public boolean isKept(int token, double time, double u) {
      double s = after(time);
      double drawn = -Math.expm1(schedule.largestPower() * Math.log(s / time));
      return u * drawn < schedule.unmaskProbability(s, time, token);
    }

    /** Where {@code 1 - (s / t)^power} is u of that of the largest. */
    @Override
    public double keptPower(double time, double u) {
      double log = Math.log(after(time) / time);
      return Math.log1p(u * Math.expm1(schedule.largestPower() * log)) / log;
    }

    @Override
    public int step(double time, int before) {
      return times.first() + times.index(time);
    }
  }

  /**
   * Continuous time, the limit of ever more steps, in which the probability of being kept is {@code
   * w_v / w}. It ends at {@link GenMd4Schedule#TIME_FLOOR}, below which no network was trained:
   * positions that are still masked are revealed there.
   *
   * @param schedule the schedule with a power for each token
   */
  record Continuous(GenMd4Schedule schedule) implements GenMd4Reverse {
    @Override
    public double next(double time, double u) {
      if (time <= GenMd4Schedule.TIME_FLOOR) {
        return 0;
      }
      double hit = time * Math.pow(1 - u, 1 / schedule.largestPower());
      return Math.max(hit, GenMd4Schedule.TIME_FLOOR);
    }

    @Override
    public double after(double time) {
      return time;
    }

    @Override
    public boolean isKept(int token, double time, double u) {
      boolean isLast = time <= GenMd4Schedule.TIME_FLOOR;
      return isLast || u * schedule.largestPower() < schedule.power(token);
    }

    @Override
    public double keptPower(double time, double u) {
      return u * schedule.largestPower();
    }

    @Override
    public int step(double time, int before) {
      return before;
    }
  }
}
