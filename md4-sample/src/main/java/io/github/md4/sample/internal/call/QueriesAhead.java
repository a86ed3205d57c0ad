// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.AtMasks;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.QueryAhead.Surest;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Function;

/**
 * The next steps of a group whose queries are known before their draws, each made when it is taken.
 * Sequences that end before others stay in the group without positions.
 */
final class QueriesAhead implements Iterator<Step> {
  private final List<ActiveSequence> group;
  private final List<Iterator<? extends QueryAhead>> queries;
  private final List<QueryAhead> last = new ArrayList<>();
  private final int rowLimit;
  private final int leastActive;
  private Optional<Step> next = Optional.empty();
  private boolean isOver;

  private QueriesAhead(
      List<ActiveSequence> group,
      List<Iterator<? extends QueryAhead>> queries,
      int rowLimit,
      int leastActive) {
    this.group = group;
    this.queries = queries;
    this.rowLimit = rowLimit;
    this.leastActive = leastActive;
  }

  /**
   * Returns the steps of sequences of one length, all of whose queries are known; empty for others.
   *
   * @param rowLimit the most rows of a step
   * @param leastActive the least number of sequences that a step is for, at least 1
   */
  static Optional<QueriesAhead> of(List<ActiveSequence> group, int rowLimit, int leastActive) {
    int length = group.get(0).shown().length;
    List<Iterator<? extends QueryAhead>> queries = new ArrayList<>();
    for (ActiveSequence sequence : group) {
      if (sequence.shown().length != length) {
        return Optional.empty();
      }
      sequence.ahead().ifPresent(queries::add);
    }
    return queries.size() == group.size()
        ? Optional.of(new QueriesAhead(group, queries, rowLimit, leastActive))
        : Optional.empty();
  }

  @Override
  public boolean hasNext() {
    if (next.isEmpty() && !isOver) {
      next = active() < leastActive ? Optional.empty() : Optional.of(made());
      next = next.filter(step -> step.rows().count() <= rowLimit);
      isOver = next.isEmpty();
    }
    return next.isPresent();
  }

  @Override
  public Step next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Step taken = next.orElseThrow();
    next = Optional.empty();
    return taken;
  }

  private long active() {
    return queries.stream().filter(Iterator::hasNext).count();
  }

  private Step made() {
    for (int b = 0; b < queries.size(); b++) {
      Iterator<? extends QueryAhead> of = queries.get(b);
      QueryAhead own = of.hasNext() ? of.next() : last.get(b).ended();
      if (b < last.size()) {
        last.set(b, own);
      } else {
        last.add(own);
      }
    }
    return last.get(0) instanceof AtPositions
        ? atPositions(last.stream().map(AtPositions.class::cast).toList())
        : atMasks(last.stream().map(AtMasks.class::cast).toList());
  }

  private Step atPositions(List<AtPositions> all) {
    List<TrajectoryQuery> asked = all.stream().map(AtPositions::query).toList();
    List<int[]> masked = all.stream().map(AtPositions::masked).toList();
    return new Step(
        NetworkCall.condition(group, asked),
        NetworkCall.rows(asked, group.get(0).shown().length, masked));
  }

  private Step atMasks(List<AtMasks> all) {
    List<TrajectoryQuery> asked =
        all.stream()
            .map(each -> new TrajectoryQuery(each.point(), new int[0], new double[0]))
            .toList();
    List<Surest> surest = all.stream().map(AtMasks::surest).toList();
    return new Step(
        NetworkCall.condition(group, asked),
        new StepRows.Masks(
            all.stream().mapToInt(AtMasks::count).toArray(),
            joined(all, AtMasks::u),
            new StepRows.Choice(
                all.stream().mapToInt(AtMasks::end).toArray(),
                surest.stream().mapToInt(Surest::stay).toArray(),
                joined(surest, Surest::noise),
                surest.get(0).divisor())));
  }

  /** Returns the parts, which are of one length, behind each other. */
  private static <T> double[] joined(List<T> all, Function<T, double[]> part) {
    int length = part.apply(all.get(0)).length;
    double[] joined = new double[all.size() * length];
    for (int b = 0; b < all.size(); b++) {
      System.arraycopy(part.apply(all.get(b)), 0, joined, b * length, length);
    }
    return joined;
  }
}
