// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The run of a request: as many trajectories at once as its batch size. Each draws at its own
 * times, and one that ends gives its place to the next. So the network sees full batches of
 * sequences that all have something to reveal.
 *
 * @param rowLimit the most positions of a call, but for a single sequence
 */
record SampleRun(SampleRequest request, Trajectory.Factory trajectories, int rowLimit) {

  /**
   * Returns the samples in the order of the request.
   *
   * @param listener is told of each call and of the number {@code planned} of all calls
   */
  List<Sample> run(BatchedQuery query, SamplingListener listener, int planned) {
    Sample[] samples = new Sample[request.sequences().size()];
    Iterator<ActiveSequence> waiting = waiting();
    List<ActiveSequence> active = new ArrayList<>();
    int calls = 0;
    do {
      while (active.size() < request.batchSize() && waiting.hasNext()) {
        ActiveSequence next = waiting.next();
        if (next.isDone()) { // it has no masks
          finish(next, samples, listener);
        } else {
          active.add(next);
        }
      }
      for (List<ActiveSequence> group : groups(active)) {
        advance(group, query.draw(group), listener);
        listener.called(++calls, planned);
      }
      finishAll(active, samples, listener);
    } while (!active.isEmpty() || waiting.hasNext());
    return List.of(samples);
  }

  /** Returns the number of calls if every draw were {@code token}. */
  int calls(int token) {
    int[] calls = {0};
    List<Sample> unused =
        run(
            new BatchedQuery.Constant(token),
            (done, planned) -> calls[0] = done,
            Integer.MAX_VALUE);
    return calls[0];
  }

  private Iterator<ActiveSequence> waiting() {
    List<InitialSequence> all = request.sequences();
    return IntStream.range(0, all.size())
        .mapToObj(i -> new ActiveSequence(i, all.get(i), trajectories.of(all.get(i))))
        .iterator();
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
      List<ActiveSequence> group, double[] drawn, SamplingListener listener) {
    int first = 0;
    for (ActiveSequence sequence : group) {
      int own = sequence.query().positions().length;
      sequence.advance(new Draws(drawn, drawn.length / 3, first), listener);
      first += own;
    }
  }

  private void finishAll(List<ActiveSequence> active, Sample[] samples, SamplingListener listener) {
    active.stream()
        .filter(ActiveSequence::isDone)
        .forEach(sequence -> finish(sequence, samples, listener));
    active.removeIf(ActiveSequence::isDone);
  }

  private void finish(ActiveSequence sequence, Sample[] samples, SamplingListener listener) {
    Sample sample = sequence.sample(request.seed());
    samples[sequence.place()] = sample;
    listener.finished(sample);
  }
}
