// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.KeptTokens;
import io.github.md4.core.internal.transformer.MaskedAgain;
import io.github.md4.core.internal.transformer.StepRows;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.QueryAhead;
import io.github.md4.sample.trajectory.QueryAhead.Again;
import io.github.md4.sample.trajectory.QueryAhead.AmongMasks;
import io.github.md4.sample.trajectory.QueryAhead.AtMasks;
import io.github.md4.sample.trajectory.QueryAhead.AtPositions;
import io.github.md4.sample.trajectory.QueryAhead.MaskingAgain;
import io.github.md4.sample.trajectory.QueryAhead.Surest;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Function;

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
    QueryAhead first = last.get(0);
    if (first instanceof AtMasks) {
      return atMasks(last.stream().map(AtMasks.class::cast).toList());
    }
    if (first instanceof MaskingAgain) {
      return maskingAgain(last.stream().map(MaskingAgain.class::cast).toList());
    }
    return first instanceof AmongMasks
        ? amongMasks(last.stream().map(AmongMasks.class::cast).toList())
        : atPositions(last.stream().map(AtPositions.class::cast).toList());
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

  private Step atPositions(List<AtPositions> all) {
    List<TrajectoryQuery> asked = all.stream().map(AtPositions::query).toList();
    List<int[]> masked = all.stream().map(AtPositions::masked).toList();
    return new Step(NetworkCall.condition(group, asked), rows(asked, masked));
  }

  private StepRows.Given rows(List<TrajectoryQuery> asked, List<int[]> masked) {
    return NetworkCall.rows(asked, group.get(0).shown().length, masked);
  }

  private Step amongMasks(List<AmongMasks> all) {
    List<TrajectoryQuery> asked = all.stream().map(AmongMasks::query).toList();
    StepRows.Given rows = rows(asked, List.of());
    int[] least = all.stream().flatMapToInt(each -> Arrays.stream(each.least())).toArray();
    return new Step(
        NetworkCall.condition(group, asked),
        new StepRows.Kept(rows.positions(), rows.u(), new KeptTokens(all.get(0).ranks(), least)));
  }

  private Step maskingAgain(List<MaskingAgain> all) {
    List<TrajectoryQuery> asked = all.stream().map(MaskingAgain::query).toList();
    StepRows.Given rows = rows(asked, List.of());
    List<Again> again = all.stream().map(MaskingAgain::again).toList();
    int[] starts = new int[all.size() + 1];
    Arrays.setAll(starts, b -> b == 0 ? 0 : starts[b - 1] + again.get(b - 1).positions().length);
    return new Step(
        NetworkCall.condition(group, asked),
        new StepRows.Remasked(
            rows.positions(),
            rows.u(),
            new MaskedAgain(
                again.stream().flatMapToDouble(each -> Arrays.stream(each.weights())).toArray(),
                starts,
                again.stream().flatMapToInt(each -> Arrays.stream(each.positions())).toArray(),
                again.stream().flatMapToInt(each -> Arrays.stream(each.rounds())).toArray(),
                again.stream().flatMapToDouble(each -> Arrays.stream(each.limits())).toArray(),
                again.stream().flatMapToDouble(each -> Arrays.stream(each.shares())).toArray())));
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
