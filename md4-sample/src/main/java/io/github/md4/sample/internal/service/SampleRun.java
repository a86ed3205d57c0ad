// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.ActiveSequence;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.GroupDraws;
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
        Iterator<GroupDraws> draws =
            isAlone
                ? query.drawAhead(group, rowLimit, progress.leastActive())
                : List.of(GroupDraws.of(group, query.draw(group))).iterator();
        while (draws.hasNext()) {
          GroupDraws next = draws.next();
          if (!next.areNone()) {
            advance(group, next, listener);
            listener.called(++calls, planned);
          }
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

  private static void advance(
      List<ActiveSequence> group, GroupDraws draws, SamplingListener listener) {
    for (int b = 0; b < group.size(); b++) {
      ActiveSequence sequence = group.get(b);
      draws.ofEach().get(b).ifPresent(own -> sequence.advance(own, listener));
    }
  }
}
