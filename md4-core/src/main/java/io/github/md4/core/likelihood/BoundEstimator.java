// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.DiffusionLoss;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A way to estimate the bound: which tokens of an example are hidden, and what the guesses at them
 * then count. The same uniforms serve every way, so that differences between two are precise.
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

  /**
   * Returns what each asked position counts before its weight, nats: a cross-entropy if nothing
   * else is said.
   *
   * @param logits the network's guesses, float [R, V]
   * @param targets clean tokens, int64 [R]
   * @return float [R], attached to the manager of {@code logits}
   */
  default NDArray judge(NDArray logits, NDArray targets) {
    return DiffusionLoss.crossEntropy(logits, targets);
  }

  /** Returns what a token adds to the bound whatever the network guesses, nats. */
  default double known(int token) {
    return 0;
  }

  /**
   * Returns the bound's terms per token, given the mean of the weighted losses; without what is
   * {@link #known} of each token.
   */
  Md4Objective.Terms terms(double perToken);

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
   * @param weight what the sum of the losses counts
   * @param isWithinEnds whether continuous time counts it too: it stops short of both ends of the
   *     schedule
   */
  public record Question(
      int[] zt, double time, int[] positions, double weight, boolean isWithinEnds) {}

  /** A time drawn uniformly, in [0, 1] or of T steps, and each token hidden by itself. */
  record OfTime(Md4Objective elbo) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      double t = elbo.axis().snap(v);
      double alphaT = elbo.schedule().alpha(t);
      int[] positions = IntStream.range(0, u.length).filter(n -> !(u[n] < alphaT)).toArray();
      double weight = -elbo.axis().lossWeight(elbo.schedule(), t);
      return new Question(hidden(elbo.space(), x, positions), t, positions, weight, true);
    }

    @Override
    public Md4Objective.Terms terms(double perToken) {
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
    public Md4Objective.Terms terms(double perToken) {
      return new Md4Objective.Terms(perToken, 0, 0);
    }

    @Override
    public String toString() {
      return "any-order";
    }
  }

  /** Each token given those before it: no bound but the likelihood itself, without noise. */
  record LeftToRight(AutoregressiveObjective objective) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      int[] positions = IntStream.range(0, u.length).toArray();
      return new Question(objective.seen(x, 0, u), 0, positions, 1, true);
    }

    @Override
    public Md4Objective.Terms terms(double perToken) {
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

  /** A time drawn uniformly above the floor, each token hidden by its own power. */
  record Powered(GenMd4Objective elbo) implements BoundEstimator {
    @Override
    public Question question(int[] x, double v, double[] u) {
      double t = elbo.time(v);
      int[] positions =
          IntStream.range(0, u.length)
              .filter(n -> elbo.schedule().isMasked(x[n], t, u[n]))
              .toArray();
      return new Question(hidden(elbo.space(), x, positions), t, positions, elbo.weight(t), true);
    }

    @Override
    public NDArray judge(NDArray logits, NDArray targets) {
      try (NDArray powers = logits.getManager().create(elbo.narrowPowers())) {
        return DiffusionLoss.powered(logits, targets, powers);
      }
    }

    @Override
    public double known(int token) {
      return elbo.schedule().reconstruction(token);
    }

    @Override
    public Md4Objective.Terms terms(double perToken) {
      return elbo.perToken(perToken);
    }

    @Override
    public String kind() {
      return switch (elbo.floor()) {
        case REFERENCE ->
            "upper bound, times 1 / (1 - " + GenMd4Schedule.TIME_FLOOR + ") as md4 has it";
        case EXACT -> BoundEstimator.super.kind();
      };
    }

    @Override
    public String toString() {
      return "continuous from " + GenMd4Schedule.TIME_FLOOR + ", " + elbo.floor();
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
