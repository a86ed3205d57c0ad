// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.AbstractList;
import java.util.Objects;
import java.util.function.IntFunction;

/** A list of queries, each of which is made when it is read. */
final class LazyQueries extends AbstractList<TrajectoryQuery> {
  private final int count;
  private final IntFunction<TrajectoryQuery> query;

  /**
   * @param query returns the query at an index
   */
  LazyQueries(int count, IntFunction<TrajectoryQuery> query) {
    this.count = count;
    this.query = query;
  }

  @Override
  public TrajectoryQuery get(int index) {
    return query.apply(Objects.checkIndex(index, count));
  }

  @Override
  public int size() {
    return count;
  }
}
