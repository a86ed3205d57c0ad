// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.ActiveSequence;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The progress of a request: as many trajectories at once as its batch size. Each draws at its own
 * times, and one that ends gives its place to the next. So the network sees full batches of
 * sequences that all have something to reveal.
 */
final class RequestProgress {
  private final SampleRequest request;
  private final UnaryOperator<Sample> finishing;
  private final Sample[] samples;
  private final Iterator<ActiveSequence> waiting;
  private final Queue<ActiveSequence> ready = new ArrayDeque<>();
  private final List<ActiveSequence> active = new ArrayList<>();

  /**
   * @param finishing what a sample becomes before anybody sees it
   */
  RequestProgress(
      SampleRequest request, Trajectory.Factory trajectories, UnaryOperator<Sample> finishing) {
    this.request = request;
    this.finishing = finishing;
    this.samples = new Sample[request.sequences().size()];
    List<InitialSequence> all = request.sequences();
    this.waiting =
        IntStream.range(0, all.size())
            .mapToObj(i -> new ActiveSequence(i, all.get(i), trajectories.of(all.get(i))))
            .iterator();
  }

  /**
   * Returns the sequences that want a call now; none only where the request is done. Those without
   * a mask finish at once.
   */
  List<ActiveSequence> active(SamplingListener listener) {
    while (active.size() < request.batchSize() && hasFurther()) {
      ActiveSequence next = ready.isEmpty() ? waiting.next() : ready.remove();
      if (next.isDone()) { // it has no masks
        finish(next, listener);
      } else {
        active.add(next);
      }
    }
    return active;
  }

  /**
   * Returns the least number of the active sequences for which a further call is made with those
   * that have ended in it: all while others wait for the places of the ended ones, half later.
   */
  int leastActive() {
    return hasFurther() ? active.size() : (active.size() + 1) / 2;
  }

  private boolean hasFurther() {
    return !ready.isEmpty() || waiting.hasNext();
  }

  /**
   * Prepares one of the sequences that wait for a place, up to as many as there are places: while a
   * GPU makes the calls of those that are active, the host has time for it.
   */
  void prepareNext() {
    if (ready.size() < request.batchSize() && waiting.hasNext()) {
      ready.add(waiting.next());
    }
  }

  /** Takes those that have ended out of the active ones. */
  void finishEnded(SamplingListener listener) {
    boolean anyHasEnded = false;
    for (ActiveSequence each : active) {
      if (each.isDone()) {
        finish(each, listener);
        anyHasEnded = true;
      }
    }
    if (anyHasEnded) {
      active.removeIf(ActiveSequence::isDone);
    }
  }

  private void finish(ActiveSequence sequence, SamplingListener listener) {
    Sample sample = finishing.apply(sequence.sample(request.seed()));
    samples[sequence.place()] = sample;
    listener.finished(sample);
  }

  /** Returns whether no sequence is left. */
  boolean isDone() {
    return active.isEmpty() && !hasFurther();
  }

  /** Returns the samples in the order of the request, once it is done. */
  List<Sample> samples() {
    return List.of(samples);
  }
}
