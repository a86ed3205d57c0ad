// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.GenMd4Schedule;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Masking where each token has its power: {@code q(z_t | x)}, independent at every position (spec,
 * Section 3.2).
 */
public final class GenMd4Forward {

  private GenMd4Forward() {}

  /**
   * Returns a draw of {@code z_t}: a token stays where {@code u < alpha(t, token)}, elsewhere is
   * the mask.
   *
   * @param x clean tokens [N], in [0, V)
   * @param t in (0, 1]
   * @param u uniforms in [0, 1), [N]
   * @return [N], in [0, V]
   */
  public static int[] mask(GenMd4Schedule schedule, int[] x, double t, double[] u) {
    return mask(schedule, x, critical(t, u, schedule.epsilon()));
  }

  /**
   * Returns examples that are masked by the powers of the moment when they are asked for: all but a
   * comparison at each position is done now.
   *
   * @param u uniforms in [0, 1), [B, N]
   * @param schedule gives the powers then, and their epsilon now
   */
  public static Draft draft(
      int[][] x, Condition condition, double[][] u, Supplier<GenMd4Schedule> schedule) {
    double epsilon = schedule.get().epsilon();
    double[][] critical = new double[x.length][];
    IntStream.range(0, x.length)
        .parallel()
        .forEach(b -> critical[b] = critical(condition.times()[b], u[b], epsilon));
    return new PoweredDraft(x, condition, critical, schedule);
  }

  /** Examples with the power up to which each position is masked. */
  private record PoweredDraft(
      int[][] x, Condition condition, double[][] critical, Supplier<GenMd4Schedule> schedule)
      implements Draft {
    @Override
    public MaskedBatch masked() {
      GenMd4Schedule now = schedule.get();
      int[][] zt = new int[x.length][];
      for (int b = 0; b < x.length; b++) {
        zt[b] = mask(now, x[b], critical[b]);
      }
      return new MaskedBatch(new TokenSpace(now.vocabularySize()), x, zt, condition);
    }

    @Override
    public int batchSize() {
      return x.length;
    }
  }

  /** Returns the power up to which each position is masked, see {@link GenMd4Schedule}. */
  private static double[] critical(double t, double[] u, double epsilon) {
    double[] critical = new double[u.length];
    for (int n = 0; n < u.length; n++) {
      critical[n] = GenMd4Schedule.criticalPower(t, u[n], epsilon);
    }
    return critical;
  }

  private static int[] mask(GenMd4Schedule schedule, int[] x, double[] critical) {
    int[] zt = new int[x.length];
    for (int n = 0; n < x.length; n++) {
      zt[n] = schedule.power(x[n]) <= critical[n] ? schedule.vocabularySize() : x[n];
    }
    return zt;
  }
}
