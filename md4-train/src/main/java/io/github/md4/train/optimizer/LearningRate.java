// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

/** The learning rate over a run, a pure function of the number of updates (spec, Section 8). */
@FunctionalInterface
public interface LearningRate {

  /**
   * Returns the rate of the update that follows {@code updates} updates: so the first of a warm-up
   * is zero, as in the reference.
   *
   * @param updates the number of updates made so far, from 0 to one less than those of the run
   * @return the rate, at least 0 and finite
   */
  double at(long updates);

  /**
   * A linear warm-up, then half a cosine down to zero at {@code steps} (SGDR, arXiv 1608.03983,
   * Equation 5, without restarts): with k updates made
   *
   * <pre>{@code
   * base min(1, k / warmUp) (1 + cos(pi max(0, (k - warmUp) / (steps - warmUp)))) / 2
   * }</pre>
   *
   * @param base the highest rate, at least 0 and finite
   * @param warmUp the number of updates until {@code base} is reached, at least 0
   * @param steps the number of updates of the run, above {@code warmUp}
   */
  record WarmUpCosine(double base, long warmUp, long steps) implements LearningRate {
    /**
     * Checks the numbers.
     *
     * @param warmUp the number of updates until {@code base} is reached, at least 0
     * @param base the highest rate, at least 0 and finite
     * @param steps the number of updates of the run, above {@code warmUp}
     * @throws IllegalArgumentException if {@code steps} is not above {@code warmUp}, {@code base}
     *     is negative or not finite, or {@code warmUp} negative
     */
    public WarmUpCosine {
      check(base, warmUp);
      if (!(steps > warmUp)) {
        throw new IllegalArgumentException(
            "training.steps must be more than training.learningRate.warmUp (%d): %d"
                .formatted(warmUp, steps));
      }
    }

    @Override
    public double at(long updates) {
      double passed = Math.max(0, (double) (updates - warmUp) / (steps - warmUp));
      return base * risen(updates, warmUp) * 0.5 * (1 + Math.cos(Math.PI * passed));
    }
  }

  /**
   * A linear warm-up, then {@code base}.
   *
   * @param base the highest rate, at least 0 and finite
   * @param warmUp the number of updates until it is reached, at least 0
   */
  record Constant(double base, long warmUp) implements LearningRate {
    /**
     * Checks the numbers.
     *
     * @param base the highest rate, at least 0 and finite
     * @param warmUp the number of updates until it is reached, at least 0
     * @throws IllegalArgumentException if {@code base} is negative or not finite, or {@code warmUp}
     *     negative
     */
    public Constant {
      check(base, warmUp);
    }

    @Override
    public double at(long updates) {
      return base * risen(updates, warmUp);
    }
  }

  private static double risen(long updates, long warmUp) {
    return warmUp == 0 ? 1 : Math.min(1, (double) updates / warmUp);
  }

  private static void check(double base, long warmUp) {
    if (!(base >= 0 && base < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("learning rate must be at least 0 and finite: " + base);
    }
    if (warmUp < 0) {
      throw new IllegalArgumentException("warm-up must be at least 0: " + warmUp);
    }
  }
}
