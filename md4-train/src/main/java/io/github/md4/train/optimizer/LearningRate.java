// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

/** The step size over a run (spec, Section 8). */
@FunctionalInterface
public interface LearningRate {

  /**
   * Returns the rate of the update that follows {@code updates} updates: so the first of a warm-up
   * is zero, as in the reference.
   *
   * @param updates the updates made so far, at least 0
   * @return at least 0 and finite
   */
  double at(long updates);

  /**
   * A linear warm-up, then half a cosine down to zero at {@code steps}.
   *
   * @param base the highest rate, above 0
   * @param warmUp number of updates until {@code base} is reached
   * @param steps the number of updates of the run
   */
  record WarmUpCosine(double base, long warmUp, long steps) implements LearningRate {
    /**
     * Checks the numbers.
     *
     * @param warmUp number of updates until {@code base} is reached
     * @param base the highest rate, above 0
     * @param steps the number of updates of the run
     * @throws IllegalArgumentException if {@code steps} is not above {@code warmUp}, or one of the
     *     numbers is negative
     */
    public WarmUpCosine {
      check(base, warmUp);
      if (!(steps > warmUp)) {
        throw new IllegalArgumentException(
            "steps must be more than the warm-up's %d: %d".formatted(warmUp, steps));
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
   * @param base the highest rate, above 0
   * @param warmUp the number of updates until it is reached, at least 0
   */
  record Constant(double base, long warmUp) implements LearningRate {
    /**
     * Checks the numbers.
     *
     * @param base the highest rate, above 0
     * @param warmUp the number of updates until it is reached, at least 0
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
