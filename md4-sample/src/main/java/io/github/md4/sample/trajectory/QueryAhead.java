// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

import io.github.md4.core.internal.transformer.KeptTokens;
import io.github.md4.core.internal.transformer.MaskedAgain;
import io.github.md4.core.internal.transformer.StepRows;
import java.util.Optional;

/** A query that is known before the draws of those before it. */
public sealed interface QueryAhead {

  /** {@return what the trajectory asks then; of the positions those that are known} */
  TrajectoryQuery query();

  /** {@return the place on the way; the network is told its time} */
  default GridPoint point() {
    return query().point();
  }

  /** {@return the same place, with nothing to draw} */
  QueryAhead ended();

  /** {@return the number of positions at which tokens are drawn} */
  default int rows() {
    return query().positions().length;
  }

  /**
   * {@return the rows of its step, of this sequence alone}
   *
   * @hidden its type is internal
   */
  StepRows stepRows();

  /**
   * {@return those of its draws that the trajectory asks for; empty where it asks for others}
   *
   * @param asked what the trajectory asks after the draws before these
   * @param drawn the draws, one for each of {@link #rows}
   */
  default Optional<Draws> draws(TrajectoryQuery asked, Draws drawn) {
    return rows() == 0 ? Optional.empty() : Optional.of(drawn);
  }

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
    public QueryAhead ended() {
      return new AtPositions(query.ended());
    }

    /**
     * @hidden its type is internal
     */
    @Override
    public StepRows stepRows() {
      return new StepRows.Given(query.positions(), query.noise()[0], masked);
    }
  }

  /**
   * A query at those of some positions that are masked then, of whose tokens some are kept. It
   * begins with the tokens that those before it keep, in their places. The trajectory asks for some
   * of the positions, or for none, and keeps the same tokens.
   *
   * @param query all positions that the trajectory may ask about then
   * @param ranks the rank of each token, [V]; the same array for all sequences of a method
   * @param least the least rank of a token that is kept, [R]
   */
  record AmongMasks(TrajectoryQuery query, int[] ranks, int[] least) implements QueryAhead {
    @Override
    public QueryAhead ended() {
      return new AmongMasks(query.ended(), ranks, new int[0]);
    }

    /**
     * @hidden its type is internal
     */
    @Override
    public StepRows stepRows() {
      return new StepRows.Kept(query.positions(), query.noise()[0], new KeptTokens(ranks, least));
    }

    @Override
    public Optional<Draws> draws(TrajectoryQuery asked, Draws drawn) {
      return query.rows(asked).map(drawn::at);
    }
  }

  /**
   * A query at those of some positions that are masked then, after which some tokens are masked
   * again. It begins with the tokens that those before it leave, in their places. The trajectory
   * asks for some of the positions, or for none, and masks the same tokens again.
   *
   * @param query all positions that the trajectory may ask about then
   * @param again what may be masked again
   */
  record MaskingAgain(TrajectoryQuery query, Again again) implements QueryAhead {
    @Override
    public QueryAhead ended() {
      Again nothing =
          new Again(new double[0], new int[0], new int[0], new double[0], new double[0]);
      return new MaskingAgain(query.ended(), nothing);
    }

    /**
     * @hidden its type is internal
     */
    @Override
    public StepRows stepRows() {
      int[] starts = {0, again.positions.length};
      return new StepRows.Remasked(
          query.positions(),
          query.noise()[0],
          new MaskedAgain(
              again.weights, starts, again.positions, again.rounds, again.limits, again.shares));
    }

    @Override
    public Optional<Draws> draws(TrajectoryQuery asked, Draws drawn) {
      return query.rows(asked).map(drawn::at);
    }
  }

  /**
   * Entries of what may be masked again, in rounds: in each, positions whose limit is below {@code
   * share w_n / sum_m w_m}. The weight w is {@code exp(-probability)} of a token that was revealed,
   * 0 elsewhere. The round 0 is before the query's own tokens are revealed, others are after them.
   *
   * @param weights w before the first query ahead, [N]; none in those behind it
   * @param positions in [0, N), of ascending rounds; those of a round differ
   * @param rounds at least 0
   * @param limits at least 0
   * @param shares of the rounds, at least 0
   */
  record Again(double[] weights, int[] positions, int[] rounds, double[] limits, double[] shares) {}

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
    public TrajectoryQuery query() {
      return new TrajectoryQuery(point, new int[0], new double[0]);
    }

    @Override
    public QueryAhead ended() {
      return new AtMasks(point, 0, 0, u, surest);
    }

    /**
     * @hidden its type is internal
     */
    @Override
    public StepRows stepRows() {
      return new StepRows.Masks(
          new int[] {count},
          u,
          new StepRows.Choice(
              new int[] {end}, new int[] {surest.stay}, surest.noise, surest.divisor));
    }

    @Override
    public int rows() {
      return count;
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
