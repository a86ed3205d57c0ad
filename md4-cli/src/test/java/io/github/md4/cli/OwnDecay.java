// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import io.github.md4.train.optimizer.DecayKind;
import io.github.md4.train.optimizer.LearningRate;
import io.github.md4.train.optimizer.LearningRateConfig;

/** A decay as a user writes it: the rate is divided by two every so many updates. */
public record OwnDecay(double every) implements LearningRateConfig.Decay {
  @Override
  public LearningRate over(LearningRateConfig rate, long steps) {
    return updates -> rate.base() * Math.pow(0.5, Math.floor(updates / every));
  }

  @Override
  public String toString() {
    return "halved(" + (long) every + ")";
  }

  /** Its name in configs. */
  public static final class Kind implements DecayKind {
    @Override
    public String name() {
      return "halved";
    }

    @Override
    public LearningRateConfig.Decay of(double... numbers) {
      return new OwnDecay(numbers[0]);
    }
  }
}
