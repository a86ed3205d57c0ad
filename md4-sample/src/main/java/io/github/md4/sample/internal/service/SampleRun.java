// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.ActiveSequence;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The run of a request by a {@code Sampler}, on the thread of its caller.
 *
 * @param rowLimit the most positions of a call, but for a single sequence
 */
public record SampleRun(SampleRequest request, Trajectory.Factory trajectories, int rowLimit) {

  /**
   * Returns the samples in the order of the request.
   *
   * @param listener is told of each call and of the number {@code planned} of all calls
   */
  public List<Sample> run(BatchedQuery query, SamplingListener listener, int planned) {
    RequestProgress progress = new RequestProgress(request, trajectories, UnaryOperator.identity());
    int calls = 0;
    do {
      List<List<ActiveSequence>> groups = groups(progress.active(listener));
      for (List<ActiveSequence> group : groups) {
        boolean isAlone = groups.size() == 1;
        Iterator<double[]> draws =
            isAlone ? ahead(query, group, progress) : List.of(query.draw(group)).iterator();
        while (draws.hasNext()) {
          advance(group, draws.next(), listener);
          listener.called(++calls, planned);
          if (isAlone) {
            progress.finishEnded(listener);
            progress.prepareNext();
          }
        }
      }
      progress.finishEnded(listener);
    } while (!progress.isDone());
    return progress.samples();
  }

  /** Returns the draws of the next calls of a group that is alone. */
  private Iterator<double[]> ahead(
      BatchedQuery query, List<ActiveSequence> group, RequestProgress progress) {
    return query.drawAhead(group, rowLimit, progress.leastActive());
  }

  private List<List<ActiveSequence>> groups(List<ActiveSequence> active) {
    List<List<ActiveSequence>> groups = new ArrayList<>();
    int rows = rowLimit;
    for (ActiveSequence sequence : active) {
      int own = sequence.query().positions().length;
      if (rows + own > rowLimit) {
        groups.add(new ArrayList<>());
        rows = 0;
      }
      groups.get(groups.size() - 1).add(sequence);
      rows += own;
    }
    return groups;
  }

  /** Takes the draws of a call for the sequences that have not ended. */
  private static void advance(
      List<ActiveSequence> group, double[] drawn, SamplingListener listener) {
    int rows = rows(group);
    int first = 0;
    for (ActiveSequence sequence : group) {
      if (!sequence.isDone()) {
        int own = sequence.query().positions().length;
        sequence.advance(new Draws(drawn, rows, first), listener);
        first += own;
      }
    }
  }

  /** Returns the number of positions of the sequences that have not ended. */
  private static int rows(List<ActiveSequence> group) {
    int rows = 0;
    for (ActiveSequence sequence : group) {
      rows += sequence.isDone() ? 0 : sequence.query().positions().length;
    }
    return rows;
  }
}
