// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import java.util.function.Function;
import java.util.function.Supplier;

/** The way in which the sequences of a model come about. */
public sealed interface Generation {

  /**
   * {@return what one of three functions gives}
   *
   * @param <R> the type of what the functions give
   * @param unmasking of masked diffusion, by the form of its scores
   * @param leftToRight of a causal network
   * @param uniformNoise of diffusion with uniform noise
   */
  <R> R match(Function<ScoreForm, R> unmasking, Supplier<R> leftToRight, Supplier<R> uniformNoise);

  /** Masks are revealed, in any order. */
  record Unmasking(ScoreForm scores) implements Generation {

    /** Unmasking by a network whose logits are those of the clean token. */
    public Unmasking() {
      this(new ScoreForm.Softmax());
    }

    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking, Supplier<R> leftToRight, Supplier<R> uniformNoise) {
      return unmasking.apply(scores);
    }
  }

  /** Each token is drawn given those before it. */
  record LeftToRight() implements Generation {
    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking, Supplier<R> leftToRight, Supplier<R> uniformNoise) {
      return leftToRight.get();
    }
  }

  /** Tokens drawn uniformly change, some or all of them several times. */
  record UniformNoise() implements Generation {
    @Override
    public <R> R match(
        Function<ScoreForm, R> unmasking, Supplier<R> leftToRight, Supplier<R> uniformNoise) {
      return uniformNoise.get();
    }
  }
}
