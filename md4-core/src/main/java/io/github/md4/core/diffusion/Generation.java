// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** The way in which the sequences of a model come about, which chooses its samplers. */
public sealed interface Generation {

  /**
   * {@return what one of four functions gives}
   *
   * @param <R> the type of what the functions give
   * @param unmasking the function for masked diffusion, of the form of its scores
   * @param leftToRight the function for a causal network, which writes tokens from left to right
   * @param uniformNoise the function for diffusion with uniform noise
   * @param gaussianNoise the function for diffusion with Gaussian noise, of the width of its
   *     vectors
   */
  <R> R match(
      Function<ScoreForm, R> unmasking,
      Supplier<R> leftToRight,
      Supplier<R> uniformNoise,
      IntFunction<R> gaussianNoise);

  /** {@return whether sequences come about by masks that are revealed} */
  default boolean isUnmasking() {
    return match(form -> true, () -> false, () -> false, width -> false);
  }

  /**
   * Masks are revealed, in any order.
   *
   * @param scores the form of the network's scores
   */
  record Unmasking(ScoreForm scores) implements Generation {

    /** Unmasking by a network whose logits are those of the clean token. */
    public Unmasking() {
      this(new ScoreForm.Softmax());
    }

    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking,
        Supplier<R> leftToRight,
        Supplier<R> uniformNoise,
        IntFunction<R> gaussianNoise) {
      return unmasking.apply(scores);
    }
  }

  /** Each token is drawn given those before it. */
  record LeftToRight() implements Generation {
    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking,
        Supplier<R> leftToRight,
        Supplier<R> uniformNoise,
        IntFunction<R> gaussianNoise) {
      return leftToRight.get();
    }
  }

  /** Tokens drawn uniformly change, some or all of them several times. */
  record UniformNoise() implements Generation {
    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking,
        Supplier<R> leftToRight,
        Supplier<R> uniformNoise,
        IntFunction<R> gaussianNoise) {
      return uniformNoise.get();
    }
  }

  /**
   * Vectors drawn from a normal law turn step by step into embedded tokens.
   *
   * @param width D, the coordinates of each, at least 1
   */
  record GaussianNoise(int width) implements Generation {
    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking,
        Supplier<R> leftToRight,
        Supplier<R> uniformNoise,
        IntFunction<R> gaussianNoise) {
      return gaussianNoise.apply(width);
    }
  }
}
