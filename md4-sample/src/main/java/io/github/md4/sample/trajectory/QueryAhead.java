// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

/** A query that is known before the draws of those before it. */
public sealed interface QueryAhead {

  /** {@return the place on the way; the network is told its time} */
  GridPoint point();

  /** {@return the same place, with nothing to draw} */
  QueryAhead ended();

  /**
   * A query whose positions are known, too. It begins with all tokens that those before it draw, in
   * their places.
   *
   * @param query what the trajectory asks then
   * @param masked positions in [0, N) that are masked before it, after the draws of the one before
   *     are in their places
   */
  record AtPositions(TrajectoryQuery query, int[] masked) implements QueryAhead {
    /**
     * Makes a query before which nothing is masked.
     *
     * @param query what the trajectory asks then
     */
    public AtPositions(TrajectoryQuery query) {
      this(query, new int[0]);
    }

    @Override
    public GridPoint point() {
      return query.point();
    }

    @Override
    public QueryAhead ended() {
      double[][] noise = new double[query.noise().length][0];
      return new AtPositions(
          new TrajectoryQuery(query.point(), new int[0], noise, query.vectors()));
    }
  }

  /**
   * A query at all masks before a position, of whose tokens some stay. It begins with the tokens
   * that stay of those before it, in their places; the trajectory reveals the same ones.
   *
   * @param point the place on the way; the network is told its time
   * @param count the number of these masks
   * @param end the first position in [0, N] that is not asked about, masked or not
   * @param u a uniform in [0, 1) for each position, [N]
   * @param surest which of the tokens stay
   */
  record AtMasks(GridPoint point, int count, int end, double[] u, Surest surest)
      implements QueryAhead {
    @Override
    public QueryAhead ended() {
      return new AtMasks(point, 0, 0, u, surest);
    }
  }

  /**
   * The tokens that stay of a query: those of the largest {@code confidence / divisor + noise}, and
   * of equal ones the first. NaN is less than any number.
   *
   * @param stay the number of tokens that stay
   * @param noise of each position, [N]
   * @param divisor positive, the same for all sequences of a method; infinite where the noise alone
   *     decides
   */
  record Surest(int stay, double[] noise, double divisor) {}
}
