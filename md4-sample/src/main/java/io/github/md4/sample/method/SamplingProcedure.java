// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.NetworkQuery;
import io.github.md4.sample.internal.call.RowDraw;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.SamplingContext;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.function.Function;

/** A sampling method applied to the schedule of a model; only a {@code Sampler} runs it. */
public final class SamplingProcedure {
  private final Function<SamplingContext, Trajectory.Factory> trajectories;
  private final RowDraw draw;
  private final boolean isPlanned;
  private final Calls calls;
  private final boolean isFinal;
  private final Function<SamplingContext, Function<InitialSequence, int[]>> rows;

  /** The form of a run's calls, made of the plain one. */
  @FunctionalInterface
  interface Calls {
    BatchedQuery of(NetworkQuery plain, int batchSize, int length);
  }

  /**
   * @param draw the draw of tokens
   * @param isPlanned whether the calls of the network are known before the first
   */
  SamplingProcedure(
      Function<SamplingContext, Trajectory.Factory> trajectories, RowDraw draw, boolean isPlanned) {
    this(trajectories, draw, isPlanned, (plain, batchSize, length) -> plain);
  }

  /**
   * @param calls what the calls are made by
   */
  SamplingProcedure(
      Function<SamplingContext, Trajectory.Factory> trajectories,
      RowDraw draw,
      boolean isPlanned,
      Calls calls) {
    this(
        trajectories,
        draw,
        isPlanned,
        calls,
        true,
        context -> simulated(trajectories.apply(context), isPlanned ? 0 : mask(context)));
  }

  private static Function<InitialSequence, int[]> simulated(Trajectory.Factory of, int token) {
    return initial -> QueryRows.simulated(of.of(initial), token);
  }

  private static int mask(SamplingContext context) {
    return context.space().maskToken();
  }

  private SamplingProcedure(
      Function<SamplingContext, Trajectory.Factory> trajectories,
      RowDraw draw,
      boolean isPlanned,
      Calls calls,
      boolean isFinal,
      Function<SamplingContext, Function<InitialSequence, int[]>> rows) {
    this.trajectories = trajectories;
    this.draw = draw;
    this.isPlanned = isPlanned;
    this.calls = calls;
    this.isFinal = isFinal;
    this.rows = rows;
  }

  /** Returns the same procedure, whose trajectories may change a token that they have revealed. */
  SamplingProcedure revising() {
    return new SamplingProcedure(trajectories, draw, isPlanned, calls, false, rows);
  }

  /**
   * Returns the same procedure, of whose queries the numbers of positions are known without a
   * simulation.
   */
  SamplingProcedure counting(Function<SamplingContext, QueryRows> counts) {
    return new SamplingProcedure(
        trajectories,
        draw,
        isPlanned,
        calls,
        isFinal,
        context -> {
          QueryRows of = counts.apply(context);
          return initial -> of.apply(new PartialSequence(context, initial));
        });
  }

  /**
   * {@return whether a revealed token stays as it is; false for {@link #of}, since nothing is known
   * of a user's own trajectories}
   */
  public boolean isFinal() {
    return isFinal;
  }

  /**
   * {@return the calls of a run, to be closed by the caller}
   *
   * @param plain the calls of the network itself
   * @param batchSize the most sequences of a call
   * @param length N, the number of tokens of each
   * @hidden its types are internal
   */
  public BatchedQuery query(NetworkQuery plain, int batchSize, int length) {
    return calls.of(plain, batchSize, length);
  }

  /**
   * Returns the procedure of trajectories that each draw from one uniform a position, by inversion
   * in float64. Listeners are told the number of calls that there would be if each draw were the
   * token 0.
   *
   * @param trajectories makes the trajectories of a request of what they share
   * @return the procedure
   */
  public static SamplingProcedure of(Function<SamplingContext, Trajectory.Factory> trajectories) {
    return new SamplingProcedure(trajectories, new RowDraw.Exact(Confidence.PROBABILITY), true)
        .revising();
  }

  /**
   * {@return the trajectories of a request}
   *
   * @param context what the trajectories of the request share
   */
  public Trajectory.Factory trajectories(SamplingContext context) {
    return trajectories.apply(context);
  }

  /**
   * Returns the number of positions of each query of a sequence's trajectory: if not {@link
   * #isPlanned}, of one whose every draw leaves its position masked, which has the most queries.
   *
   * @param context what the trajectories of the request share
   * @return the numbers of a sequence, one for each call that it takes part in
   */
  public Function<InitialSequence, int[]> rows(SamplingContext context) {
    return rows.apply(context);
  }

  /**
   * {@return the draw of tokens}
   *
   * @hidden its type is internal
   */
  public RowDraw draw() {
    return draw;
  }

  /** {@return whether the calls of the network are known before the first, not only bounded} */
  public boolean isPlanned() {
    return isPlanned;
  }
}
