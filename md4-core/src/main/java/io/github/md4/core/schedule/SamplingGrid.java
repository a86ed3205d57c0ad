// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

/**
 * The times that a sampler visits (MD4, Section 4; spec, Section 4.1). A linear schedule on the
 * cosine grid visits the same {@code alpha} as the cosine schedule on the uniform grid, but for
 * epsilon. {@code toString} is the form that {@link #parse} reads.
 *
 * <p>A grid of a user's own never falls as {@code t} rises, is immutable, and has a {@link
 * SamplingGridKind}.
 */
public interface SamplingGrid {

  /**
   * {@return the time in [0, 1] at the fraction {@code t} of the way; 0 at 0 and 1 at 1}
   *
   * @param t the fraction of the way, in [0, 1]
   */
  double at(double t);

  /**
   * {@return the time after {@code step} of {@code steps} steps: exactly 1 after none, exactly 0
   * after all} The network is given this time.
   *
   * @param step the number of steps done, from 0 to {@code steps}
   * @param steps the number of all steps, at least 1
   * @throws IllegalArgumentException unless {@code 0 <= step <= steps} and {@code steps >= 1}
   */
  default double time(int step, int steps) {
    if (!(steps >= 1 && step >= 0 && step <= steps)) {
      throw new IllegalArgumentException(
          "0 <= step <= steps and 1 <= steps must hold: " + step + ", " + steps);
    }
    return at((double) (steps - step) / steps);
  }

  /**
   * {@return the grid that a text names: {@code uniform}, {@code cosine}, or one of a {@link
   * SamplingGridKind} on the class path}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException if the text is none of these
   */
  static SamplingGrid parse(String text) {
    return switch (text.strip()) {
      case "uniform" -> new Uniform();
      case "cosine" -> new Cosine();
      default -> SamplingGridKind.parse(text.strip());
    };
  }

  /** Times at equal distances. */
  record Uniform() implements SamplingGrid {
    @Override
    public double at(double t) {
      return t;
    }

    @Override
    public String toString() {
      return "uniform";
    }
  }

  /** {@code cos(pi/2 (1 - t))}: small steps first, where most tokens are masked. */
  record Cosine() implements SamplingGrid {
    /** Computes the sine, which is exact at 0. */
    @Override
    public double at(double t) {
      return Math.sin(Math.PI / 2 * t);
    }

    @Override
    public String toString() {
      return "cosine";
    }
  }
}
