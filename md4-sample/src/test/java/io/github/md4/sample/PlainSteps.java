// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.transformer.StepRows;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Steps of sampling in plain loops, as a GPU makes them, on tokens that are theirs. */
final class PlainSteps {
  private PlainSteps() {}

  /**
   * Makes a step: masks what is masked before it, draws, and puts the tokens that stay into {@code
   * zt}.
   *
   * @param draws makes tokens, probabilities and confidences [3, R] of flat positions and uniforms
   * @param mask the mask's id
   */
  static double[] make(
      int[] zt, StepRows rows, int mask, BiFunction<int[], double[], double[]> draws) {
    for (int position : rows.masked()) {
      zt[position] = mask;
    }
    int[] asked = rows instanceof StepRows.Masks masks ? masks(zt, masks, mask) : rows.positions();
    double[] u = rows.u();
    if (rows instanceof StepRows.Masks) {
      u = Arrays.stream(asked).mapToDouble(position -> rows.u()[position]).toArray();
    }
    double[] drawn = draws.apply(asked, u);
    for (int r = 0; r < asked.length; r++) {
      if (stays(rows, asked, drawn, r)) {
        zt[asked[r]] = (int) drawn[r];
      }
    }
    return drawn;
  }

  /** Returns the masks of each example before its end. */
  private static int[] masks(int[] zt, StepRows.Masks rows, int mask) {
    int examples = rows.counts().length;
    int length = zt.length / examples;
    int[] asked =
        IntStream.range(0, zt.length)
            .filter(i -> zt[i] == mask && i % length < rows.choice().ends()[i / length])
            .toArray();
    for (int b = 0; b < examples; b++) {
      int example = b;
      assertThat(Arrays.stream(asked).filter(i -> i / length == example).count())
          .as("masks of %d", b)
          .isEqualTo(rows.counts()[b]);
    }
    return asked;
  }

  /** Returns whether fewer rows of the example stand before a row than stay. */
  private static boolean stays(StepRows rows, int[] asked, double[] drawn, int row) {
    if (rows.form() == StepRows.Form.GIVEN) {
      return true;
    }
    StepRows.Choice choice = rows.choice();
    int length = choice.noise().length / choice.stay().length;
    int example = asked[row] / length;
    double own = rank(choice, asked, drawn, row);
    int before = 0;
    for (int r = 0; r < asked.length; r++) {
      if (asked[r] / length == example) {
        int order = Double.compare(-rank(choice, asked, drawn, r), -own);
        before += order < 0 || (order == 0 && r < row) ? 1 : 0;
      }
    }
    return before < choice.stay()[example];
  }

  private static double rank(StepRows.Choice choice, int[] asked, double[] drawn, int row) {
    return drawn[2 * asked.length + row] / choice.divisor() + choice.noise()[asked[row]];
  }
}
