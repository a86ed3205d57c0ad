// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static io.github.md4.core.Checks.require;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

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

  /**
   * Returns the rows of several examples of N positions, one example after another.
   *
   * @param each those of each example alone, all of one form; at least one
   * @param length N
   * @throws IllegalArgumentException if they are of several forms
   */
  static StepRows joined(List<StepRows> each, int length) {
    StepRows first = each.get(0);
    for (StepRows other : each) {
      require(other.form() == first.form(), "all rows must be " + first.form(), other.form());
    }
    return first.with(each, length);
  }

  /** Returns {@link #joined}, for examples of whose form these rows are. */
  StepRows with(List<StepRows> each, int length);

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

    private Choice with(List<StepRows> each) {
      return new Choice(
          ints(each, rows -> rows.choice().ends()),
          ints(each, rows -> rows.choice().stay()),
          doubles(each, rows -> rows.choice().noise()),
          divisor);
    }
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

    @Override
    public StepRows with(List<StepRows> each, int length) {
      return new Given(
          flat(each, StepRows::positions, length),
          doubles(each, StepRows::u),
          flat(each, StepRows::masked, length));
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

    @Override
    public StepRows with(List<StepRows> each, int length) {
      return new Kept(
          flat(each, StepRows::positions, length),
          doubles(each, StepRows::u),
          new KeptTokens(kept.ranks(), ints(each, rows -> rows.kept().least())));
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

    @Override
    public StepRows with(List<StepRows> each, int length) {
      return new Remasked(
          flat(each, StepRows::positions, length),
          doubles(each, StepRows::u),
          new MaskedAgain(
              doubles(each, rows -> rows.again().weights()),
              starts(each),
              ints(each, rows -> rows.again().positions()),
              ints(each, rows -> rows.again().rounds()),
              doubles(each, rows -> rows.again().limits()),
              doubles(each, rows -> rows.again().shares())));
    }

    private static int[] starts(List<StepRows> each) {
      int[] starts = new int[each.size() + 1];
      for (int b = 0; b < each.size(); b++) {
        starts[b + 1] = starts[b] + each.get(b).again().positions().length;
      }
      return starts;
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
    public StepRows with(List<StepRows> each, int length) {
      return new Masks(
          each.stream().mapToInt(StepRows::count).toArray(),
          doubles(each, StepRows::u),
          choice.with(each));
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

  /** Returns positions of each example as flat ones. */
  private static int[] flat(List<StepRows> each, Function<StepRows, int[]> part, int length) {
    int[] flat = ints(each, part);
    int row = 0;
    for (int b = 0; b < each.size(); b++) {
      for (int end = row + part.apply(each.get(b)).length; row < end; row++) {
        flat[row] += b * length;
      }
    }
    return flat;
  }

  private static int[] ints(List<StepRows> each, Function<StepRows, int[]> part) {
    int[] all = new int[each.stream().mapToInt(rows -> part.apply(rows).length).sum()];
    int end = 0;
    for (StepRows rows : each) {
      int[] own = part.apply(rows);
      System.arraycopy(own, 0, all, end, own.length);
      end += own.length;
    }
    return all;
  }

  private static double[] doubles(List<StepRows> each, Function<StepRows, double[]> part) {
    double[] all = new double[each.stream().mapToInt(rows -> part.apply(rows).length).sum()];
    int end = 0;
    for (StepRows rows : each) {
      double[] own = part.apply(rows);
      System.arraycopy(own, 0, all, end, own.length);
      end += own.length;
    }
    return all;
  }
}
