// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.internal.transformer.MaskedAgain;
import io.github.md4.core.internal.transformer.StepRows;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Steps of a go of sampling in plain loops, as a GPU makes them, on tokens that are theirs. */
final class PlainSteps {
  private final int[] zt;
  private final int mask;
  private double[] weights = {}; // of tokens that may be masked again; as long as zt if there are

  /**
   * @param zt the tokens of the first step [B N], which are changed
   * @param mask the mask's id
   */
  PlainSteps(int[] zt, int mask) {
    this.zt = zt;
    this.mask = mask;
  }

  /** Returns the tokens as they are now, [B N]. */
  int[] zt() {
    return zt;
  }

  /**
   * Makes a step: masks what is masked before it, draws, puts the tokens that stay in their places,
   * and masks again what is masked after it.
   *
   * @param draws makes tokens, probabilities and confidences [3, R] of flat positions and uniforms
   */
  double[] make(StepRows rows, BiFunction<int[], double[], double[]> draws) {
    weights = weights.length == 0 ? rows.again().weights().clone() : weights;
    for (int position : rows.masked()) {
      zt[position] = mask;
    }
    int[] asked = rows instanceof StepRows.Masks masks ? masks(masks) : rows.positions();
    double[] u = rows.u();
    if (rows instanceof StepRows.Masks) {
      u = Arrays.stream(asked).mapToDouble(position -> rows.u()[position]).toArray();
    }
    int[] before = zt.clone();
    double[] drawn = draws.apply(asked, u);
    maskAgain(rows.again(), true);
    for (int r = 0; r < asked.length; r++) {
      if (isRevealed(before, rows, asked[r]) && stays(rows, asked, drawn, r)) {
        zt[asked[r]] = (int) drawn[r];
        if (weights.length > 0) {
          weights[asked[r]] = Math.exp(-drawn[asked.length + r]);
        }
      }
    }
    maskAgain(rows.again(), false);
    return drawn;
  }

  /** Masks again in the first round, or in all others. */
  private void maskAgain(MaskedAgain again, boolean isFirst) {
    int last = Arrays.stream(again.rounds()).max().orElse(0);
    for (int round = isFirst ? 0 : 1; round <= (isFirst ? 0 : last); round++) {
      double[] before = weights.clone();
      for (int b = 0; b + 1 < again.starts().length; b++) {
        int length = weights.length / (again.starts().length - 1);
        double sum = Arrays.stream(before, b * length, (b + 1) * length).sum();
        for (int i = again.starts()[b]; i < again.starts()[b + 1]; i++) {
          int n = b * length + again.positions()[i];
          boolean isOfRound = again.rounds()[i] == round;
          if (isOfRound && again.limits()[i] * sum < again.shares()[i] * before[n]) {
            zt[n] = mask;
            weights[n] = 0;
          }
        }
      }
    }
  }

  /** Returns the masks of each example before its end. */
  private int[] masks(StepRows.Masks rows) {
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

  private boolean isRevealed(int[] before, StepRows rows, int position) {
    return rows.form() == StepRows.Form.GIVEN || before[position] == mask;
  }

  /** Returns whether fewer rows of the example stand before a row than stay. */
  private static boolean stays(StepRows rows, int[] asked, double[] drawn, int row) {
    if (rows instanceof StepRows.Kept) {
      return rows.kept().ranks()[(int) drawn[row]] >= rows.kept().least()[row];
    }
    if (rows.form() != StepRows.Form.MASKS) {
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
