// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.QueryAhead;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;

/**
 * The next steps of a group whose queries are known before their draws, each made when it is taken.
 * Sequences that end before others stay in the group without positions.
 */
final class QueriesAhead implements Iterator<Step> {
  private final List<ActiveSequence> group;
  private final List<Iterator<? extends QueryAhead>> queries;
  private final List<QueryAhead> last = new ArrayList<>();
  private final Queue<List<QueryAhead>> open = new ArrayDeque<>(); // whose draws are not yet told
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
    open.add(List.copyOf(last));
    return new Step(
        NetworkCall.condition(group, last.stream().map(QueryAhead::query).toList()),
        StepRows.joined(
            last.stream().map(QueryAhead::stepRows).toList(), group.get(0).shown().length));
  }

  /** Returns the draws of the steps that the network makes, as the sequences ask for them. */
  Iterator<GroupDraws> drawn(StepDraws network, Inversion inversion) {
    Iterator<double[]> drawn = network.drawAhead(NetworkCall.tokens(group), this, inversion);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return drawn.hasNext();
      }

      @Override
      public GroupDraws next() {
        return asked(drawn.next(), open.remove());
      }
    };
  }

  private GroupDraws asked(double[] drawn, List<QueryAhead> queries) {
    int rows = queries.stream().mapToInt(QueryAhead::rows).sum();
    List<Optional<Draws>> ofEach = new ArrayList<>();
    int first = 0;
    for (int b = 0; b < queries.size(); b++) {
      ActiveSequence sequence = group.get(b);
      Draws own = new Draws(drawn, rows, first);
      ofEach.add(
          sequence.isDone() ? Optional.empty() : queries.get(b).draws(sequence.query(), own));
      first += queries.get(b).rows();
    }
    return new GroupDraws(ofEach);
  }
}
