// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A step that draws at masks, found in plain loops, and the choice of the tokens that stay.
 *
 * @param asked the masks that are rows, flat
 */
public record MasksOfAStep(StepRows.Masks rows, int[] asked) {
  /** Some are equal, of which the first are chosen, and NaN is chosen last. */
  private static final double[] NOISES = {0.25, -0.0, Double.NaN, 0.5, 0.25, 0.0, 0.0, 0.125, -0.0};

  /**
   * Returns a step of random uniforms; the last example has an end before its last position, if
   * there is more than one.
   *
   * @param zt tokens [B N]
   * @param seed of the uniforms, and of which noise is whose
   */
  public static MasksOfAStep of(int[] zt, int mask, int examples, double divisor, int seed) {
    int length = zt.length / examples;
    int[] ends = new int[examples];
    int[] stay = new int[examples];
    int[] counts = new int[examples];
    double[] noise = new double[zt.length];
    double[] u = new Noise(seed).uniforms(Purpose.SAMPLE, 0, 0, zt.length);
    Arrays.setAll(ends, b -> b > 0 && b == examples - 1 ? length * 2 / 3 : length);
    Arrays.setAll(noise, i -> NOISES[(i + seed) % NOISES.length]);
    int[] asked =
        IntStream.range(0, zt.length)
            .filter(i -> zt[i] == mask && i % length < ends[i / length])
            .toArray();
    Arrays.stream(asked).forEach(i -> counts[i / length]++);
    Arrays.setAll(stay, b -> Math.min(counts[b], 1 + counts[b] / (b + 3)));
    StepRows.Choice choice = new StepRows.Choice(ends, stay, noise, divisor);
    return new MasksOfAStep(new StepRows.Masks(counts, u, choice), asked);
  }

  /**
   * Returns the rows whose tokens stay.
   *
   * @param drawn tokens, probabilities and confidences, [3, R]
   */
  public int[] chosen(double[] drawn) {
    int length = rows.u().length / rows.counts().length;
    return IntStream.range(0, asked.length)
        .filter(r -> before(r, length, drawn) < rows.choice().stay()[asked[r] / length])
        .toArray();
  }

  /** Returns how many rows of its example are chosen before a row. */
  private long before(int row, int length, double[] drawn) {
    double own = rank(row, drawn);
    return IntStream.range(0, asked.length)
        .filter(r -> asked[r] / length == asked[row] / length)
        .filter(
            r -> {
              int order = Double.compare(-rank(r, drawn), -own);
              return order < 0 || (order == 0 && r < row);
            })
        .count();
  }

  private double rank(int row, double[] drawn) {
    StepRows.Choice choice = rows.choice();
    return drawn[2 * asked.length + row] / choice.divisor() + choice.noise()[asked[row]];
  }
}
