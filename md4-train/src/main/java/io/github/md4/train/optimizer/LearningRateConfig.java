// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Decimals;
import java.util.List;
import java.util.Objects;

/**
 * The learning rate over a run: a linear warm-up, then a decay (spec, Section 8).
 *
 * @param base the highest rate, which the warm-up reaches, at least 0 and finite
 * @param warmUp the number of updates until it is reached, at least 0
 * @param decay the course after the warm-up: cosine, constant, or a kind on the class path
 */
public record LearningRateConfig(double base, long warmUp, Decay decay) {
  /**
   * Checks the numbers that no decay allows.
   *
   * @param base the highest rate, which the warm-up reaches, at least 0 and finite
   * @param warmUp the number of updates until it is reached, at least 0
   * @param decay the course after the warm-up: cosine, constant, or a kind on the class path
   * @throws IllegalArgumentException if {@code base} is negative or not finite, or {@code warmUp}
   *     negative
   * @throws NullPointerException if {@code decay} is null
   */
  public LearningRateConfig {
    require(base >= 0 && Double.isFinite(base), "base must be at least 0 and finite", base);
    Decimals.requireApart("base", base, Double.POSITIVE_INFINITY);
    if (base > 0) {
      Decimals.requireApart("base", base, 0);
    }
    require(warmUp >= 0, "warmUp must be at least 0", warmUp);
    Objects.requireNonNull(decay, "decay");
  }

  /**
   * {@return the paper's rate for text: 3e-4 after 2,000 updates, then half a cosine (spec, Section
   * 6)}
   */
  public static LearningRateConfig defaults() {
    return new LearningRateConfig(3e-4, 2000, Decay.COSINE);
  }

  /**
   * {@return the rate over a run of so many updates}
   *
   * @param steps the number of updates of the run, at least 1
   * @throws IllegalArgumentException if the run is too short for warm-up and decay
   */
  public LearningRate over(long steps) {
    return decay.over(this, steps);
  }

  /**
   * {@return the same rate with another highest one}
   *
   * @param highest the highest rate, at least 0 and finite
   * @throws IllegalArgumentException if it is out of this range
   */
  public LearningRateConfig withBase(double highest) {
    return new LearningRateConfig(highest, warmUp, decay);
  }

  /**
   * {@return the same rate after another number of updates}
   *
   * @param updates the number of updates until the highest rate is reached, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public LearningRateConfig withWarmUp(long updates) {
    return new LearningRateConfig(base, updates, decay);
  }

  /**
   * {@return the same rate with another course after the warm-up}
   *
   * @param course the course of the rate after the warm-up
   */
  public LearningRateConfig withDecay(Decay course) {
    return new LearningRateConfig(base, warmUp, course);
  }

  /**
   * The course of the rate after its warm-up. Its {@code toString} is the text from which {@link
   * #parse} makes it again, so that a config holds it; a user's own has a {@link DecayKind}.
   */
  public interface Decay {
    /** Falls to 0 along half a cosine (SGDR, arXiv 1608.03983, Equation 5, without restarts). */
    Decay COSINE = new Cosine();

    /** Stays at the highest rate. */
    Decay CONSTANT = new Constant();

    /**
     * Returns the rate over a run.
     *
     * @param rate its highest value and its warm-up
     * @param steps the number of updates of the run
     * @return the rate of each update, at least 0 and finite
     * @throws IllegalArgumentException if the run is too short for it
     */
    LearningRate over(LearningRateConfig rate, long steps);

    /**
     * {@return the choice written as {@code cosine}, {@code constant}, or with the name of a {@link
     * DecayKind} on the class path}
     *
     * @param text the text, as configs hold it
     * @throws IllegalArgumentException if the text is none of these; the message lists them
     */
    static Decay parse(String text) {
      return DecayText.parse(List.of(COSINE, CONSTANT), text);
    }
  }

  /** The decay along half a cosine. */
  private record Cosine() implements Decay {
    @Override
    public LearningRate over(LearningRateConfig rate, long steps) {
      return new LearningRate.WarmUpCosine(rate.base, rate.warmUp, steps);
    }

    @Override
    public String toString() {
      return "cosine";
    }
  }

  /** No decay. */
  private record Constant() implements Decay {
    @Override
    public LearningRate over(LearningRateConfig rate, long steps) {
      return new LearningRate.Constant(rate.base, rate.warmUp);
    }

    @Override
    public String toString() {
      return "constant";
    }
  }
}
