// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All walks of a request, as many at once as its batch size: each asks when it has something to
 * ask, whatever the time of the others, and one that ends gives its place to the next. So the
 * network sees full batches of sequences that all have something to reveal.
 *
 * @param rowLimit the most positions that a call asks for, but for a single sequence's
 */
record SampleRun(SampleRequest request, Trajectory.Beginning beginning, int rowLimit) {

  /**
   * Returns the samples in the order of the request.
   *
   * @param listener is told of each call, whose number in all is {@code planned}
   */
  List<Sample> run(BatchedQuery asking, SamplingListener listener, int planned) {
    Sample[] samples = new Sample[request.starts().size()];
    Iterator<ActiveSequence> waiting = travellers();
    List<ActiveSequence> active = new ArrayList<>();
    int calls = 0;
    do {
      while (active.size() < request.batchSize() && waiting.hasNext()) {
        ActiveSequence next = waiting.next();
        if (next.isDone()) { // without masks from the start
          finish(next, samples, listener);
        } else {
          active.add(next);
        }
      }
      for (List<ActiveSequence> group : groups(active)) {
        answer(group, asking.ask(group), listener);
        listener.called(++calls, planned);
      }
      finishAll(active, samples, listener);
    } while (!active.isEmpty() || waiting.hasNext());
    return List.of(samples);
  }

  /** Returns how many calls there would be if every answer were {@code token}. */
  int calls(int token) {
    int[] calls = {0};
    List<Sample> unused =
        run(new BatchedQuery.Nobody(token), (done, planned) -> calls[0] = done, Integer.MAX_VALUE);
    return calls[0];
  }

  private Iterator<ActiveSequence> travellers() {
    List<InitialSequence> starts = request.starts();
    return IntStream.range(0, starts.size())
        .mapToObj(i -> new ActiveSequence(i, starts.get(i), beginning.of(starts.get(i))))
        .iterator();
  }

  private List<List<ActiveSequence>> groups(List<ActiveSequence> active) {
    List<List<ActiveSequence>> groups = new ArrayList<>();
    int rows = rowLimit;
    for (ActiveSequence traveller : active) {
      int own = traveller.question().positions().length;
      if (rows + own > rowLimit) {
        groups.add(new ArrayList<>());
        rows = 0;
      }
      groups.get(groups.size() - 1).add(traveller);
      rows += own;
    }
    return groups;
  }

  private static void answer(
      List<ActiveSequence> group, double[] drawn, SamplingListener listener) {
    int first = 0;
    for (ActiveSequence traveller : group) {
      int own = traveller.question().positions().length;
      traveller.answer(new Draws(drawn, drawn.length / 3, first), listener);
      first += own;
    }
  }

  private static void finishAll(
      List<ActiveSequence> active, Sample[] samples, SamplingListener listener) {
    active.stream()
        .filter(ActiveSequence::isDone)
        .forEach(traveller -> finish(traveller, samples, listener));
    active.removeIf(ActiveSequence::isDone);
  }

  private static void finish(
      ActiveSequence traveller, Sample[] samples, SamplingListener listener) {
    Sample sample = traveller.sample();
    samples[traveller.place()] = sample;
    listener.finished(sample);
  }
}
