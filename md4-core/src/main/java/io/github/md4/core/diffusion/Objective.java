// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.loss.RowLoss;

/**
 * An objective: what a network is shown of an example, at which positions it is asked, how much
 * each answer counts, and what is known without it. Training, evaluation, replay and {@code score}
 * all run on this one seam.
 *
 * <p>For an example {@code x} and noise {@code (v, u)} it makes a {@link Query}; the value of the
 * example is
 *
 * <pre>{@code
 * weight * sum over positions n of loss(logits_n, x_n)   +   sum over tokens of known(x_n)
 * }</pre>
 *
 * <p>in nats, and {@link #terms} makes the bound per token of its mean. Implementations are
 * immutable and safe for several threads.
 */
public interface Objective {

  /** {@return the states of a position: V tokens and the mask} */
  TokenSpace space();

  /**
   * {@return the query about an example}
   *
   * @param x clean tokens, in [0, V), [N]
   * @param v the uniform in [0, 1) that chooses the time, or the number of masked tokens
   * @param u the uniforms in [0, 1) that choose the masked positions, [n], n at most N: positions
   *     from n on are never asked
   */
  Query query(int[] x, double v, double[] u);

  /**
   * {@return the query about an example's tokens given those at its beginning}
   *
   * @param given how many tokens are given, at least 1, below n
   * @param x clean tokens, in [0, V), [N]
   * @param u uniforms in [0, 1) that choose the masks, [N], as for {@link #query}
   * @throws IllegalArgumentException if the objective has no such value, as those that mask tokens
   */
  default Query queryAfter(int given, int[] x, double[] u) {
    throw new IllegalArgumentException(
        "only a model from left to right scores tokens given those before them, not " + this);
  }

  /** {@return the loss of a position before its weight: the cross-entropy, unless overridden} */
  default RowLoss rowLoss() {
    return new RowLoss.CrossEntropy();
  }

  /**
   * {@return what a token adds to the value whatever the network guesses, nats}
   *
   * @param token a token, in [0, V)
   */
  default double known(int token) {
    return 0;
  }

  /**
   * {@return the terms of the bound per token}
   *
   * @param perToken the mean of the weighted losses, without {@link #known}, nats per token
   */
  BoundTerms terms(double perToken);

  /** {@return the objective that scores held-out data: itself, unless overridden} */
  default Objective likelihood() {
    return this;
  }

  /** {@return a word or two for people on what the value is} */
  default String kind() {
    return "upper bound";
  }

  /**
   * {@return what is certain of this value and another's, of one model and data}
   *
   * @param other the objective of the other value
   */
  default Relation relationTo(Objective other) {
    return Relation.NONE;
  }

  /** The relation of two objectives' values, of one model and data. */
  enum Relation {
    /** Nothing. */
    NONE,
    /** They are equal between the ends of the schedule. */
    EQUAL_WITHIN_ENDS,
    /**
     * The first has fewer times than the second, of which it is a coarser form: a looser bound, in
     * expectation, where the cross-entropy per masked token does not fall as more is masked.
     */
    COARSER
  }
}
