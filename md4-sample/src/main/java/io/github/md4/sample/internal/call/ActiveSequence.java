// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import io.github.md4.sample.trajectory.Trajectory;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.IntStream;

/** A sequence of a request that is being sampled: its trajectory and the number of its calls. */
public final class ActiveSequence implements ShownSequence {
  private final int place;
  private final InitialSequence initial;
  private final Trajectory trajectory;
  private TrajectoryQuery query;
  private int calls;

  /**
   * @param place the index of the sequence in its request
   */
  public ActiveSequence(int place, InitialSequence initial, Trajectory trajectory) {
    this.place = place;
    this.initial = initial;
    this.trajectory = trajectory;
    prepare();
  }

  private void prepare() {
    query = trajectory.isDone() ? null : trajectory.query();
  }

  public int place() {
    return place;
  }

  InitialSequence initial() {
    return initial;
  }

  @Override
  public int[] shown() {
    return trajectory.shown();
  }

  public boolean isDone() {
    return query == null;
  }

  /** Returns its query; there is one while it is not done. */
  @Override
  public TrajectoryQuery query() {
    return query;
  }

  /** Returns its queries from the next one to the end, where they are known before their draws. */
  Optional<Iterator<QueryAhead>> ahead() {
    return trajectory.ahead();
  }

  @Override
  public IntStream labels() {
    return initial.labels();
  }

  public void advance(Draws draws, SamplingListener listener) {
    calls++;
    trajectory.advance(
        draws,
        (point, position, token, probability) ->
            listener.changed(new TokenEvent(initial.index(), point, position, token, probability)));
    prepare();
  }

  /** Returns it as a sample without text; what was no mask has not changed. */
  public Sample sample(long seed) {
    int[] tokens = trajectory.z().clone();
    int[] filled =
        IntStream.range(0, tokens.length).filter(n -> tokens[n] != initial.zt()[n]).toArray();
    return new Sample(initial.index(), tokens, "", filled, calls, seed);
  }
}
