// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;

/**
 * Noise that replaces tokens as time runs from 0 to 1 (Austin et al., 2021; Hoogeboom et al.,
 * 2021): each stays with the probability alpha(t), or else becomes one of all V, drawn uniformly.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule that all tokens share
 */
public record UniformProcess(TokenSpace space, MaskingSchedule schedule) {

  /**
   * A draw of {@code z_t}.
   *
   * @param zt the tokens, in [0, V), [N]
   * @param rest what each noised position's uniform has not decided: uniform in [0, 1), and
   *     independent of {@code zt}; [n]
   */
  public record Drawn(int[] zt, double[] rest) {}

  /**
   * {@return a draw of {@code z_t} with one uniform a position}
   *
   * @param x clean tokens in [0, V), [N]
   * @param t a time, in [0, 1]
   * @param u uniforms in [0, 1), [n], n at most N: tokens from n on stay
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public Drawn draw(int[] x, double t, double[] u) {
    double alpha = schedule.alpha(t);
    int v = space.vocabularySize();
    int[] zt = x.clone();
    double[] rest = new double[u.length];
    for (int n = 0; n < u.length; n++) {
      if (u[n] < alpha) {
        rest[n] = u[n] / alpha;
      } else {
        double place = Math.min((u[n] - alpha) / (1 - alpha) * v, Math.nextDown((double) v));
        zt[n] = (int) place;
        rest[n] = place - zt[n];
      }
    }
    return new Drawn(zt, rest);
  }

  /**
   * {@return the probability that a position shows a given other token than its own}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double other(double t) {
    return schedule.oneMinusAlpha(t) / space.vocabularySize();
  }

  /**
   * {@return the probability that a position shows its own token}
   *
   * @param t a time, in [0, 1]
   * @throws IllegalArgumentException if {@code t} is outside [0, 1]
   */
  public double own(double t) {
    return schedule.alpha(t) + other(t);
  }

  /** Returns the entropy of what a position shows, nats. */
  private double entropy(double t) {
    double others = other(t) == 0 ? 0 : other(t) * Math.log(other(t));
    return -own(t) * Math.log(own(t)) - (space.vocabularySize() - 1) * others;
  }

  /**
   * {@return the reconstruction term, nats a token: the clean token given what is shown at time 0,
   * under even odds of all tokens before}
   */
  public double reconstruction() {
    return entropy(0);
  }

  /** {@return the divergence of what is shown at time 1 from even odds, nats a token} */
  public double prior() {
    return Math.log(space.vocabularySize()) - entropy(1);
  }
}
