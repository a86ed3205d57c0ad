// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.ServiceLimits;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A call of the network for several requests, which share it by their weights.
 *
 * @param mostRows the most positions that are asked in a call, but for a single sequence
 * @param told what a request is told of a failure
 */
public record SharedCall(ServiceLimits limits, int mostRows, UnaryOperator<RuntimeException> told) {
  /**
   * Calls the network once for requests.
   *
   * @param jobs at least one, all of one key; those first that come first
   * @param bounds those of its round
   * @param round its number
   * @return the number of sequences in it
   */
  int run(NetworkJob.Key key, List<NetworkJob> jobs, CallBounds bounds, long round) {
    TakenSequences taken = new TakenSequences(told);
    try {
      take(taken, jobs, bounds);
      key.caller().run(taken.parts());
    } catch (RuntimeException e) {
      taken.counts().keySet().forEach(job -> taken.end(job, e));
      return taken.size();
    }
    taken.counts().forEach((job, sequences) -> finish(taken, job, sequences, round));
    return taken.size();
  }

  /**
   * Takes sequences of the requests by turns, as many of each as its weight. Where several share a
   * call none fills it: a request of few sequences waits for few of a large one.
   */
  private void take(TakenSequences taken, List<NetworkJob> jobs, CallBounds bounds) {
    List<Iterator<NetworkJob.Wanting>> waiting = new ArrayList<>();
    jobs.forEach(job -> waiting.add(job.wanting().iterator()));
    List<NetworkJob.Wanting> next = new ArrayList<>();
    waiting.forEach(each -> next.add(each.next()));
    boolean isMore = true;
    while (isMore) {
      isMore = false;
      for (int j = 0; j < jobs.size(); j++) {
        int share = jobs.get(j).weight();
        while (share > 0 && next.get(j) != null && isWithinPart(taken, next.get(j), bounds)) {
          if (!hasRoom(taken, next.get(j), bounds)) {
            return;
          }
          taken.add(next.get(j));
          next.set(j, waiting.get(j).hasNext() ? waiting.get(j).next() : null);
          share--;
          isMore = true;
        }
      }
    }
  }

  /** Returns whether a request has room for a further sequence in its part of the call. */
  private static boolean isWithinPart(
      TakenSequences taken, NetworkJob.Wanting wanting, CallBounds bounds) {
    int length = wanting.sequence().shown().length;
    NetworkJob job = wanting.job();
    return taken.countOf(job) < job.weight()
        || taken.positionsOf(job) + length <= bounds.partOf(job);
  }

  private boolean hasRoom(TakenSequences taken, NetworkJob.Wanting wanting, CallBounds bounds) {
    int rows = taken.rows() + wanting.sequence().query().positions().length;
    int positions = taken.positions() + wanting.sequence().shown().length;
    return taken.size() == 0
        || (taken.size() < limits.callSequences()
            && rows <= mostRows
            && positions <= bounds.positions());
  }

  private static void finish(TakenSequences taken, NetworkJob job, int sequences, long round) {
    try {
      if (!job.isEnded()) {
        job.called(sequences, round);
      }
    } catch (RuntimeException e) {
      taken.end(job, e);
    }
  }
}
