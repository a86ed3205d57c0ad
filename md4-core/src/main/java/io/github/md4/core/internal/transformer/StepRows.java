// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import java.util.Arrays;

/**
 * The R rows of a step of sampling, which are positions of B examples of N: where tokens are drawn,
 * and which of them stay.
 */
public sealed interface StepRows {
  /** How the rows of a step are known. */
  enum Form {
    /** The host knows them. */
    GIVEN(0),
    /** They are the masks that earlier steps leave, and the host knows how many. */
    MASKS(1),
    /** They are the masks among those that the host knows, and some tokens are taken back. */
    KEPT(2),
    /** They are the masks among those that the host knows, and some tokens are masked again. */
    REMASKED(3);

    /** The number that kernels have for it. */
    final int number;

    Form(int number) {
      this.number = number;
    }
  }

  /** Returns how the rows are known. */
  Form form();

  /** Returns R. */
  int count();

  /**
   * Returns the number of rows before those of an example.
   *
   * @param position the example's first
   */
  int before(int example, int position);

  /** Returns whether each row is behind the one before it. */
  default boolean areAscending() {
    return true;
  }

  /** Returns the flat positions, [R]; none where they are not known. */
  default int[] positions() {
    return new int[0];
  }

  /** Returns the flat positions that are masked before the step; none, unless overridden. */
  default int[] masked() {
    return new int[0];
  }

  /** Returns uniforms in [0, 1), or negative for the likeliest token: of the rows, or [B N]. */
  double[] u();

  /** Returns what tokens must reach to be kept; nothing, unless overridden. */
  default KeptTokens kept() {
    return KeptTokens.ALL;
  }

  /** Returns what is masked again after the step; nothing, unless overridden. */
  default MaskedAgain again() {
    return MaskedAgain.NONE;
  }

  /** Returns what decides which tokens stay; all of them, unless overridden. */
  default Choice choice() {
    return Choice.ALL;
  }

  /**
   * The choice of the tokens that stay: in each example those of the largest {@code confidence /
   * divisor + noise}, and of equal ones the first.
   *
   * @param ends the first position of each example that is no row though it is masked, [B]
   * @param stay the number of tokens of each example that stay, [B]
   * @param noise of each position, [B N]
   * @param divisor positive; infinite where the noise alone decides
   */
  record Choice(int[] ends, int[] stay, double[] noise, double divisor) {
    private static final Choice ALL = new Choice(new int[0], new int[0], new double[0], 1);
  }

  /** Rows whose positions the host knows. */
  sealed interface Known extends StepRows {
    /** Returns the flat positions, in ascending order, [R]. */
    @Override
    int[] positions();

    @Override
    default int count() {
      return positions().length;
    }

    @Override
    default int before(int example, int position) {
      int place = Arrays.binarySearch(positions(), position);
      return place < 0 ? -1 - place : place;
    }

    @Override
    default boolean areAscending() {
      int[] positions = positions();
      for (int r = 1; r < positions.length; r++) {
        if (positions[r] <= positions[r - 1]) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Rows that the host knows; all of their tokens stay.
   *
   * @param positions flat positions in ascending order, [R]
   * @param u uniforms in [0, 1), or negative for the likeliest token, [R]
   * @param masked flat positions that are masked before the step, after the draws of the one before
   *     are in their places
   */
  record Given(int[] positions, double[] u, int[] masked) implements Known {
    /** Makes rows before which nothing is masked. */
    public Given(int[] positions, double[] u) {
      this(positions, u, new int[0]);
    }

    @Override
    public Form form() {
      return Form.GIVEN;
    }
  }

  /**
   * Rows that the host knows, of which those are revealed that are masked then and whose token is
   * kept.
   *
   * @param positions flat positions in ascending order, [R]
   * @param u uniforms in [0, 1), or negative for the likeliest token, [R]
   * @param kept the least rank of each row
   */
  record Kept(int[] positions, double[] u, KeptTokens kept) implements Known {
    @Override
    public Form form() {
      return Form.KEPT;
    }
  }

  /**
   * Rows that the host knows, of which those are revealed that are masked then. Some tokens are
   * masked again afterwards.
   *
   * @param positions flat positions in ascending order, [R]
   * @param u uniforms in [0, 1), or negative for the likeliest token, [R]
   * @param again what is masked again
   */
  record Remasked(int[] positions, double[] u, MaskedAgain again) implements Known {
    @Override
    public Form form() {
      return Form.REMASKED;
    }
  }

  /**
   * The masks of each example up to a position, of whose tokens some stay.
   *
   * @param counts the number of rows of each example, [B]
   * @param u uniforms in [0, 1), or negative for the likeliest token, [B N]
   * @param choice which tokens stay
   */
  record Masks(int[] counts, double[] u, Choice choice) implements StepRows {
    @Override
    public Form form() {
      return Form.MASKS;
    }

    @Override
    public int count() {
      return before(counts.length, 0);
    }

    @Override
    public int before(int example, int position) {
      int before = 0;
      for (int b = 0; b < Math.min(example, counts.length); b++) {
        before += counts[b];
      }
      return before;
    }
  }
}
