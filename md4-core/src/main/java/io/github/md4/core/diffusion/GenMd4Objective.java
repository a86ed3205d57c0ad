// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.loss.RowLoss;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.TimeFloor;
import java.util.Arrays;

/**
 * The bound on the negative log-likelihood under a power of time for each token (GenMD4, equation
 * 12; spec, Section 3.2).
 *
 * <p>For a time {@code t} drawn uniformly from [t1, 1) and {@code z_t} drawn from {@code q(z_t |
 * x)}, the diffusion term of an example is estimated by
 *
 * <pre>{@code
 * 1/t sum_n 1[zt_n = m] (w_{x_n} (-log mu_n[x_n] - 1) + sum_v w_v mu_n[v])
 * }</pre>
 *
 * which is the paper's sum over the vocabulary without a tensor for it: a weighted cross-entropy
 * and a mean of the powers. In nats. With all powers 1 it is MD4's.
 *
 * @param schedule the schedule with a power for each token
 * @param floor where time begins: at the reference's floor, or exactly
 */
public record GenMd4Objective(GenMd4Schedule schedule, TimeFloor floor) implements Objective {

  @Override
  public TokenSpace space() {
    return new TokenSpace(schedule.vocabularySize());
  }

  @Override
  public Query query(int[] x, double v, double[] u) {
    double t = TimeFloor.time(v);
    return query(x, t, new ForwardProcess(space(), schedule).maskedPositions(x, t, u));
  }

  /**
   * {@return the query about an example whose noise was turned into critical powers ahead}
   *
   * @param x clean tokens in [0, V), [N]
   * @param t a time in [t1, 1), t1 being {@link GenMd4Schedule#TIME_FLOOR}
   * @param critical the power up to which each position is masked, {@link
   *     GenMd4Schedule#criticalPower}, [N]
   */
  public Query queryAt(int[] x, double t, double[] critical) {
    int[] positions = new int[critical.length];
    int count = 0;
    for (int n = 0; n < critical.length; n++) {
      if (schedule.power(x[n]) <= critical[n]) {
        positions[count++] = n;
      }
    }
    return query(x, t, Arrays.copyOf(positions, count));
  }

  private Query query(int[] x, double t, int[] positions) {
    int[] zt = new ForwardProcess(space(), schedule).masked(x, positions);
    return new Query(zt, t, positions, floor.factor() / t);
  }

  @Override
  public RowLoss.PerToken rowLoss() {
    double[] wide = schedule.powers();
    float[] powers = new float[wide.length];
    for (int v = 0; v < wide.length; v++) {
      powers[v] = (float) wide[v];
    }
    return new RowLoss.PerToken(powers);
  }

  /** Returns the reconstruction term of a token, nats. */
  @Override
  public double known(int token) {
    return schedule.reconstruction(token);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public String kind() {
    return floor.kind();
  }

  @Override
  public String toString() {
    return "continuous from " + GenMd4Schedule.TIME_FLOOR + ", " + floor;
  }
}
