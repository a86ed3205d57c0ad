// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * A query to a network about one example: the tokens it is shown, the positions at which it guesses
 * the clean token, and the weight of their losses. Arrays are not copied, and not to be changed.
 * {@link QueryBatch#of} checks lengths and positions.
 *
 * @param zt the tokens shown [N], in [0, V]
 * @param time the time told to the network, in [0, 1]
 * @param positions the positions asked, in [0, N), ascending; their number may be 0
 * @param weight the factor of the sum of the positions' losses, at least zero
 * @param isWithinEnds whether the bound of continuous time counts this query too, which stops short
 *     of both ends of the schedule
 * @param facts numbers for the objective's row loss about each position, [k][positions]; see {@link
 *     io.github.md4.core.loss.AskedRows}
 * @param vectors what is added to the embedded tokens, if anything
 */
public record Query(
    int[] zt,
    double time,
    int[] positions,
    double weight,
    boolean isWithinEnds,
    float[][] facts,
    NoisyVectors vectors) {
  private static final float[][] NO_FACTS = {};

  /**
   * A query that shows tokens alone.
   *
   * @param zt the tokens shown, in [0, V], [N]
   * @param time the time, in [0, 1]
   * @param positions the positions asked, in [0, N), ascending
   * @param weight the factor of the sum of their losses, at least 0
   * @param isWithinEnds whether the bound of continuous time counts this query
   * @param facts numbers for the row loss about each position, [k][positions]
   */
  public Query(
      int[] zt,
      double time,
      int[] positions,
      double weight,
      boolean isWithinEnds,
      float[][] facts) {
    this(zt, time, positions, weight, isWithinEnds, facts, NoisyVectors.NONE);
  }

  /**
   * A query whose row loss is told nothing but the tokens.
   *
   * @param zt the tokens shown, in [0, V], [N]
   * @param time a time, in [0, 1]
   * @param positions the positions asked, in [0, N), ascending
   * @param weight the factor of the sum of their losses, at least 0
   * @param isWithinEnds whether the bound of continuous time counts this query
   */
  public Query(int[] zt, double time, int[] positions, double weight, boolean isWithinEnds) {
    this(zt, time, positions, weight, isWithinEnds, NO_FACTS);
  }

  /**
   * A query that continuous time counts too.
   *
   * @param zt the tokens shown, in [0, V], [N]
   * @param time a time, in [0, 1]
   * @param positions the positions asked, in [0, N), ascending
   * @param weight the factor of the sum of their losses, at least 0
   */
  public Query(int[] zt, double time, int[] positions, double weight) {
    this(zt, time, positions, weight, true);
  }

  /** Returns the same query with facts. */
  Query with(float[][] more) {
    return new Query(zt, time, positions, weight, isWithinEnds, more, vectors);
  }
}
