// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.hash.Mixing;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A stationary hidden Markov chain whose states emit one token each, so that the probability of its
 * text is known. Immutable, safe for several threads. {@link Quickstart#source} is one.
 *
 * <p>A model of the text can be compared with the truth: no model has a smaller expected {@link
 * #bitsPerToken} than the source itself.
 */
public final class FiniteStateSource {
  private static final double LOG_2 = Math.log(2);

  private final Tokenizer tokenizer;
  private final Chain chain;
  private final double[] stationary;

  FiniteStateSource(Tokenizer tokenizer, Chain chain) {
    this.tokenizer = tokenizer;
    this.chain = chain;
    stationary = StationaryLaw.of(chain);
  }

  /**
   * The chain.
   *
   * @param states the states by their numbers
   */
  record Chain(List<State> states) {
    Chain {
      states = List.copyOf(states);
    }

    int size() {
      return states.size();
    }
  }

  /**
   * A state.
   *
   * @param emission the token that it emits
   * @param next the steps to other states; their probabilities sum to 1
   */
  record State(int emission, List<Step> next) {
    private static final double ROUNDING = 1e-12; // far above that of a sum of some dozen terms

    State {
      next = List.copyOf(next);
      double sum = next.stream().mapToDouble(Step::probability).sum();
      require(Math.abs(sum - 1) < ROUNDING, "probabilities must sum to 1", sum);
    }
  }

  /** A step to a state, with its probability. */
  record Step(int to, double probability) {}

  /** {@return the vocabulary} */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  Chain chain() {
    return chain;
  }

  /** {@return the number of states} */
  public int states() {
    return chain.size();
  }

  /**
   * {@return the probability of each state at any one moment [states]; solves {@code pi P = pi},
   * sums to 1}
   */
  public double[] stationary() {
    return stationary.clone();
  }

  /**
   * Draws a text from the stationary law. A seed gives the same text each time, and a longer text
   * begins with the shorter one.
   *
   * @param seed any number; the tokens follow from it
   * @param length the number of ids, at least 0
   * @return ids in [0, V), [length]
   * @throws IllegalArgumentException if {@code length} is negative
   */
  public int[] draw(long seed, int length) {
    require(length >= 0, "length must be at least 0", length);
    long key = Mixing.key(seed, 0);
    int[] ids = new int[length];
    List<Step> next = start();
    for (int i = 0; i < length; i++) {
      State state = chain.states().get(pick(next, Mixing.uniform(key, i)));
      ids[i] = state.emission();
      next = state.next();
    }
    return ids;
  }

  private List<Step> start() {
    return IntStream.range(0, stationary.length)
        .mapToObj(state -> new Step(state, stationary[state]))
        .toList();
  }

  /** Returns the first state at which the cumulative probability exceeds u, or the last state. */
  private static int pick(List<Step> steps, double u) {
    double rest = u;
    for (int i = 0; i < steps.size() - 1; i++) {
      rest -= steps.get(i).probability();
      if (rest < 0) {
        return steps.get(i).to();
      }
    }
    return steps.get(steps.size() - 1).to();
  }

  /**
   * {@return the bits per token of a text, {@code -log2 P(chunk) / length}; infinite if the source
   * cannot emit it}
   *
   * <p>The forward algorithm (Rabiner, Proceedings of the IEEE 77, 1989, Section III.A), started
   * from the stationary law:
   *
   * <pre>{@code
   * a_1(s) = pi(s) 1[s emits x_1]
   * a_i(s) = 1[s emits x_i] sum_r a_{i-1}(r) P(r, s)
   * P(x)   = sum_s a_length(s)
   * }</pre>
   *
   * with {@code a} scaled to sum to 1 at every step, whose logarithms add up.
   *
   * @param chunk consecutive tokens, at least one; the source can emit none outside [0, V)
   * @throws IllegalArgumentException if {@code chunk} is empty
   */
  public double bitsPerToken(int[] chunk) {
    if (chunk.length < 1) {
      throw new IllegalArgumentException("chunk must have at least 1 token: 0");
    }
    double[] forward = stationary.clone();
    double nats = 0;
    for (int i = 0; i < chunk.length; i++) {
      if (i > 0) {
        forward = step(forward);
      }
      nats -= Math.log(condition(forward, chunk[i]));
    }
    return nats / (LOG_2 * chunk.length);
  }

  /**
   * {@return whether the source can emit a text, from any of its states on}
   *
   * @param chunk consecutive tokens, at least one
   * @throws IllegalArgumentException if {@code chunk} is empty
   */
  public boolean canEmit(int[] chunk) {
    return Double.isFinite(bitsPerToken(chunk));
  }

  private double[] step(double[] law) {
    double[] next = new double[law.length];
    for (int state = 0; state < law.length; state++) {
      if (law[state] > 0) {
        for (Step step : chain.states().get(state).next()) {
          next[step.to()] += law[state] * step.probability();
        }
      }
    }
    return next;
  }

  /** Conditions a law of states on the token emitted, and returns that token's probability. */
  private double condition(double[] law, int id) {
    double probability = 0;
    for (int state = 0; state < law.length; state++) {
      law[state] = chain.states().get(state).emission() == id ? law[state] : 0;
      probability += law[state];
    }
    for (int state = 0; state < law.length && probability > 0; state++) {
      law[state] /= probability;
    }
    return probability;
  }
}
