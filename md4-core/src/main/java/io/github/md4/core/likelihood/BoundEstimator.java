// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.NegativeElbo;
import io.github.md4.core.diffusion.NextToken;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A way to estimate the bound: which tokens of an example are hidden, and what their
 * cross-entropies then count. The same uniforms serve every way, so that differences between two
 * are precise.
 */
public sealed interface BoundEstimator {

  /**
   * Returns what the network is asked about an example.
   *
   * @param x clean tokens [N]
   * @param v what chooses the time, or how many are hidden: in [0, 1), stratified over examples
   * @param u what chooses which are hidden, [n], n at most N: tokens from n on are never hidden
   */
  Question question(int[] x, double v, double[] u);

  /** Returns the bound's terms per token, given the mean of the weighted cross-entropies. */
  NegativeElbo.Terms terms(double perToken);

  /** Returns what is estimated, for people. */
  default String kind() {
    return "upper bound";
  }

  /**
   * What the network is asked.
   *
   * @param zt the tokens it sees [N]
   * @param time that it is told
   * @param positions at which it guesses
   * @param weight what the sum of the cross-entropies counts
   * @param isWithinEnds whether continuous time counts it too: it stops short of both ends of the
   *     schedule
   */
  record Question(int[] zt, double time, int[] positions, double weight, boolean isWithinEnds) {}

  /** A time drawn uniformly, in [0, 1] or of T steps, and each token hidden by itself. */
  record OfTime(NegativeElbo elbo) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      double t = elbo.axis().snap(v);
      double alphaT = elbo.schedule().alpha(t);
      int[] positions = IntStream.range(0, u.length).filter(n -> !(u[n] < alphaT)).toArray();
      double weight = -elbo.axis().lossWeight(elbo.schedule(), t);
      return new Question(hidden(elbo.space(), x, positions), t, positions, weight, true);
    }

    @Override
    public NegativeElbo.Terms terms(double perToken) {
      return elbo.perToken(perToken);
    }

    @Override
    public String toString() {
      return elbo.axis() instanceof TimeAxis.Discrete discrete
          ? "T = " + discrete.steps()
          : elbo.axis().toString();
    }
  }

  /**
   * A number k drawn uniformly from 1 to n, and k of the n tokens hidden: the bound of a model that
   * guesses tokens one by one in any order,
   *
   * <pre>{@code
   * E_k E_M (n / k) sum_{i in M} -log mu_i(z_M, t)[x_i],   |M| = k
   * }</pre>
   *
   * A network with a time is told the t at which {@code 1 - alpha(t) = b}, b drawn from {@code
   * Beta(k, n - k + 1)}: that is the law of the masked share given that k of n are masked, and
   * makes this the bound of continuous time without its ends. The k-th smallest of n uniforms has
   * that law, and is independent of which k are the smallest: so the same uniforms choose both.
   */
  record AnyOrder(TokenSpace space, MaskingSchedule schedule) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      int n = u.length;
      int k = 1 + (int) (v * n);
      double[] sorted = u.clone();
      Arrays.sort(sorted);
      double least = sorted[n - k];
      int[] positions = IntStream.range(0, n).filter(i -> u[i] >= least).toArray();
      double b = 1 - least;
      double t = schedule.timeWhenMasked(b);
      boolean isWithinEnds = b >= schedule.oneMinusAlpha(0) && b <= schedule.oneMinusAlpha(1);
      return new Question(hidden(space, x, positions), t, positions, (double) n / k, isWithinEnds);
    }

    @Override
    public NegativeElbo.Terms terms(double perToken) {
      return new NegativeElbo.Terms(perToken, 0, 0);
    }

    @Override
    public String toString() {
      return "any-order";
    }
  }

  /** Each token given those before it: no bound but the likelihood itself, without noise. */
  record LeftToRight(NextToken objective) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      int[] positions = IntStream.range(0, u.length).toArray();
      return new Question(objective.seen(x, 0, u), 0, positions, 1, true);
    }

    @Override
    public NegativeElbo.Terms terms(double perToken) {
      return objective.perToken(perToken);
    }

    @Override
    public String kind() {
      return "exact";
    }

    @Override
    public String toString() {
      return "left to right";
    }
  }

  private static int[] hidden(TokenSpace space, int[] x, int[] positions) {
    int[] zt = x.clone();
    for (int position : positions) {
      zt[position] = space.maskToken();
    }
    return zt;
  }
}
