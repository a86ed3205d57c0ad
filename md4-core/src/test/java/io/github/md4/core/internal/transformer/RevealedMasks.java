// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import java.util.Arrays;

/**
 * The tokens of steps that take drawn tokens back or mask some again, in plain loops, to the bit.
 *
 * @param zt tokens [B N], changed by each step
 * @param weights of tokens that may be masked again, [B N], changed by each step; 0 elsewhere
 * @param length N
 */
public record RevealedMasks(int[] zt, double[] weights, int length, int mask) {
  /**
   * Makes a step of its draws.
   *
   * @param drawn tokens, probabilities and confidences, [3, R]
   */
  public void step(StepRows rows, double[] drawn) {
    int[] before = zt.clone();
    maskAgain(rows.again(), 0);
    for (int r = 0; r < rows.count(); r++) {
      int position = rows.positions()[r];
      if (before[position] == mask && isKept(rows, r, (int) drawn[r])) {
        zt[position] = (int) drawn[r];
        weights[position] =
            rows.form() == StepRows.Form.KEPT ? 0 : StrictMath.exp(-drawn[rows.count() + r]);
      }
    }
    for (int round = 1; round <= Arrays.stream(rows.again().rounds()).max().orElse(0); round++) {
      maskAgain(rows.again(), round);
    }
  }

  private static boolean isKept(StepRows rows, int row, int token) {
    KeptTokens kept = rows.kept();
    return rows.form() != StepRows.Form.KEPT || kept.ranks()[token] >= kept.least()[row];
  }

  /** Returns the sigma of a position. */
  double sigma(int position, double share) {
    double[] sums = new double[32];
    int first = position / length * length;
    for (int n = 0; n < length; n++) {
      sums[n % sums.length] += weights[first + n];
    }
    double sum = 0;
    for (double each : sums) {
      sum += each;
    }
    return sum == 0 ? 0 : share * weights[position] / sum;
  }

  private void maskAgain(MaskedAgain again, int round) {
    boolean[] isMasked = new boolean[zt.length];
    for (int b = 0; b + 1 < again.starts().length; b++) {
      for (int i = again.starts()[b]; i < again.starts()[b + 1]; i++) {
        int position = b * length + again.positions()[i];
        isMasked[position] |=
            again.rounds()[i] == round && again.limits()[i] < sigma(position, again.shares()[i]);
      }
    }
    for (int position = 0; position < zt.length; position++) {
      if (isMasked[position]) {
        zt[position] = mask;
        weights[position] = 0;
      }
    }
  }

  /** Makes entries of what may be masked again in steps of so many examples. */
  public static final class Entries {
    private final int[] starts;
    private int[] positions = {};
    private int[] rounds = {};
    private double[] limits = {};
    private double[] shares = {};

    public Entries(int examples) {
      this.starts = new int[examples + 1];
    }

    /** Adds an entry, behind those of the same and earlier examples and of the same round. */
    public void add(int example, int position, int round, double limit, double share) {
      int all = positions.length + 1;
      positions = Arrays.copyOf(positions, all);
      rounds = Arrays.copyOf(rounds, all);
      limits = Arrays.copyOf(limits, all);
      shares = Arrays.copyOf(shares, all);
      positions[all - 1] = position;
      rounds[all - 1] = round;
      limits[all - 1] = limit;
      shares[all - 1] = share;
      Arrays.fill(starts, example + 1, starts.length, all);
    }

    /** Returns them, with the weights before a first step. */
    public MaskedAgain with(double[] weights) {
      return new MaskedAgain(weights.clone(), starts, positions, rounds, limits, shares);
    }
  }
}
