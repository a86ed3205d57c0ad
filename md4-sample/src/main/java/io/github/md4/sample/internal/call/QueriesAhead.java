// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.core.network.StepDraws;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The next queries of a group that are known before their draws. Sequences that end before others
 * stay in the group without positions.
 *
 * @param queries of each sequence, at least one
 */
record QueriesAhead(List<ActiveSequence> group, List<List<TrajectoryQuery>> queries) {
  private static final int MOST = 1024;

  static QueriesAhead of(List<ActiveSequence> group) {
    return new QueriesAhead(group, group.stream().map(sequence -> sequence.ahead(MOST)).toList());
  }

  /** Returns the number of calls that are for so many sequences at least. */
  int count(int leastActive) {
    int known = most();
    for (int b = 0; b < queries.size(); b++) {
      int own = queries.get(b).size();
      known = group.get(b).isDoneAfter(own) ? known : Math.min(known, own);
    }
    return (int) IntStream.range(0, known).takeWhile(k -> active(k) >= leastActive).count();
  }

  private int most() {
    return queries.stream().mapToInt(List::size).max().orElseThrow();
  }

  private int active(int call) {
    int active = 0;
    for (List<TrajectoryQuery> of : queries) {
      active += call < of.size() ? 1 : 0;
    }
    return active;
  }

  /** Returns the first steps, each made when it is taken, up to one of more rows. */
  Iterator<StepDraws.Step> steps(int count, int rowLimit) {
    return IntStream.range(0, count)
        .mapToObj(call -> NetworkCall.step(group, at(call)))
        .takeWhile(step -> step.rows().length <= rowLimit)
        .iterator();
  }

  private List<TrajectoryQuery> at(int call) {
    List<TrajectoryQuery> at = new ArrayList<>(queries.size());
    for (List<TrajectoryQuery> of : queries) {
      at.add(call < of.size() ? of.get(call) : ended(of.get(of.size() - 1)));
    }
    return at;
  }

  /** Returns a query without positions at the time of the last one. */
  private static TrajectoryQuery ended(TrajectoryQuery last) {
    double[][] noise = new double[last.noise().length][0];
    return new TrajectoryQuery(last.point(), new int[0], noise, last.vectors());
  }
}
