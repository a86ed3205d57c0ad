// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.train.optimizer.LearningRate;

/**
 * The learning rate.
 *
 * @param base the highest
 * @param warmUp updates until it is reached, from 0
 * @param decay the course after the warm-up
 */
public record LearningRateConfig(double base, long warmUp, Decay decay) {
  /** Checks the numbers that no decay allows. */
  public LearningRateConfig {
    require(base >= 0 && Double.isFinite(base), "base must be at least 0 and finite", base);
    require(warmUp >= 0, "warmUp must be at least 0", warmUp);
  }

  /** Returns the paper's rate for text. */
  public static LearningRateConfig defaults() {
    return new LearningRateConfig(3e-4, 2000, Decay.COSINE);
  }

  /** Returns the rate over a run of so many updates. */
  public LearningRate over(long steps) {
    return decay.rate(this, steps);
  }

  /** The course of the rate after its warm-up. */
  public enum Decay {
    /** Falls to 0 along half a cosine. */
    COSINE {
      @Override
      LearningRate rate(LearningRateConfig rate, long steps) {
        return new LearningRate.WarmUpCosine(rate.base, rate.warmUp, steps);
      }
    },
    /** Stays. */
    CONSTANT {
      @Override
      LearningRate rate(LearningRateConfig rate, long steps) {
        return new LearningRate.Constant(rate.base, rate.warmUp);
      }
    };

    abstract LearningRate rate(LearningRateConfig rate, long steps);

    /** Returns the choice written as {@code cosine} or {@code constant}. */
    public static Decay parse(String text) {
      return Choices.parse(values(), "decay", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }
}
