// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.DrawKernels;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A call of the network for several requests, which share it by their weights.
 *
 * @param manager the manager, and so the device, of the arrays of a call
 * @param mostRows the most positions that are asked in a call, but for a single sequence
 * @param told what a request is told of a failure
 */
record SharedCall(
    NDManager manager,
    DrawKernels kernels,
    ServiceLimits limits,
    int mostRows,
    UnaryOperator<RuntimeException> told) {
  /** A request of weight 1 has at most one of so many shares of a shared call. */
  private static final int SHARES = 4;

  /** The sequences of a call, by the request of each. */
  private static final class Taken {
    private final IdentityHashMap<ActiveSequence, SamplingJob> jobs = new IdentityHashMap<>();
    private final Map<NetworkCall.Drawing, List<ActiveSequence>> drawings = new LinkedHashMap<>();
    private int rows;

    private void add(SamplingJob job, ActiveSequence sequence) {
      jobs.put(sequence, job);
      drawings.computeIfAbsent(job.drawing(), unused -> new ArrayList<>()).add(sequence);
      rows += sequence.query().positions().length;
    }

    private List<NetworkCall.Part> parts() {
      List<NetworkCall.Part> parts = new ArrayList<>();
      drawings.forEach((drawing, all) -> parts.add(new NetworkCall.Part(drawing, all)));
      return parts;
    }
  }

  /**
   * Calls the network once for requests.
   *
   * @param jobs at least one, all of this key; those first that come first
   * @param isShared whether others wait for the call
   * @param round its number
   * @return the number of sequences in it
   */
  int run(SamplingJob.Key key, List<SamplingJob> jobs, boolean isShared, long round) {
    Taken taken = new Taken();
    try {
      take(taken, key.length(), jobs, isShared);
      SamplingJob first = jobs.get(0);
      if (key.calls() == first.query()) { // of one request, with a memory
        NetworkCall.Part part = taken.parts().get(0);
        double[] drawn = first.query().draw(part.sequences());
        advance(taken, part, new NetworkCall.Outcome(drawn, null));
      } else {
        new NetworkCall(manager, first.denoiser(), kernels)
            .run(taken.parts(), (part, outcome) -> advance(taken, part, outcome));
      }
    } catch (RuntimeException e) {
      taken.jobs.values().forEach(job -> end(job, e));
      return taken.jobs.size();
    }
    Map<SamplingJob, Integer> counts = new LinkedHashMap<>();
    taken.jobs.values().forEach(job -> counts.merge(job, 1, Integer::sum));
    counts.forEach((job, sequences) -> finish(job, sequences, round));
    return taken.jobs.size();
  }

  /**
   * Takes sequences of the requests by turns, as many of each as its weight. Where several share a
   * call none fills it: a request of few sequences waits for few of a large one.
   */
  private void take(Taken taken, int length, List<SamplingJob> jobs, boolean isShared) {
    int most = isShared ? Math.max(1, limits.callPositions() / length) : Integer.MAX_VALUE;
    int room = Math.min(most, limits.callSequences());
    int own = isShared ? Math.max(1, limits.callPositions() / SHARES / length) : room;
    List<Iterator<ActiveSequence>> waiting = new ArrayList<>();
    jobs.forEach(job -> waiting.add(job.wanting().iterator()));
    boolean isMore = true;
    for (int turn = 0; isMore && turn < own; turn++) {
      isMore = false;
      for (int j = 0; j < jobs.size(); j++) {
        for (int share = 0; share < jobs.get(j).weight() && waiting.get(j).hasNext(); share++) {
          ActiveSequence sequence = waiting.get(j).next();
          int rows = taken.rows + sequence.query().positions().length;
          if (taken.jobs.size() == room || (rows > mostRows && !taken.jobs.isEmpty())) {
            return;
          }
          taken.add(jobs.get(j), sequence);
          isMore = true;
        }
      }
    }
  }

  private void advance(Taken taken, NetworkCall.Part part, NetworkCall.Outcome outcome) {
    int rows = BatchedQuery.rows(part.sequences());
    int first = 0;
    for (ActiveSequence sequence : part.sequences()) {
      SamplingJob job = taken.jobs.get(sequence);
      int own = sequence.query().positions().length;
      if (outcome.failure() != null) {
        end(job, outcome.failure());
      } else if (!job.isEnded()) {
        advance(job, sequence, new Draws(outcome.draws(), rows, first));
      }
      first += own;
    }
  }

  private void advance(SamplingJob job, ActiveSequence sequence, Draws draws) {
    try {
      job.advance(sequence, draws);
    } catch (RuntimeException e) {
      end(job, e);
    }
  }

  private void finish(SamplingJob job, int sequences, long round) {
    try {
      if (!job.isEnded()) {
        job.called(sequences, round);
      }
    } catch (RuntimeException e) {
      end(job, e);
    }
  }

  private void end(SamplingJob job, RuntimeException failure) {
    job.end(told.apply(failure));
  }
}
