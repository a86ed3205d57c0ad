// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.internal.call.ActiveSequence;
import io.github.md4.sample.internal.call.BatchedQuery;
import io.github.md4.sample.internal.call.CallPart;
import io.github.md4.sample.internal.call.Caller;
import io.github.md4.sample.internal.call.NetworkQuery;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.trajectory.Draws;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SampleRequest;
import io.github.md4.sample.trajectory.Trajectory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * A request for samples in a {@link RequestScheduler}. What is not said to be safe for several
 * threads is for the scheduler's own.
 */
public final class SamplingJob implements ScheduledRequest, NetworkJob {
  private final Content content;
  private final RequestTerms terms;
  private final JobListener listener;
  private final CompletableFuture<List<Sample>> done = new CompletableFuture<>();
  private final Sample[] samples;
  private final Iterator<SampleRequest> requests;
  private final Iterator<List<Integer>> places;
  private final Iterator<Integer> plannedCalls;
  private RequestProgress progress;
  private BatchedQuery query; // of the present length; null before the first
  private Caller caller;
  private List<Integer> placesNow = List.of();
  private int planned;
  private int calls;
  private int next; // the place in turn among the active sequences
  private long served; // the last round in which it had a call

  /**
   * The content of a request.
   *
   * @param drawing how tokens are drawn
   * @param calls makes the calls of each length
   * @param texts gives a sample its text
   * @param requests one for each length, the first length first
   * @param places the places of their sequences among all
   * @param plannedCalls of each of these requests; none where nobody asks
   */
  public record Content(
      CallPart.Drawing drawing,
      Calls calls,
      Trajectory.Factory trajectories,
      UnaryOperator<Sample> texts,
      List<SampleRequest> requests,
      List<List<Integer>> places,
      List<Integer> plannedCalls) {

    /** Returns the same content whose calls are known. */
    public Content withPlannedCalls(List<Integer> planned) {
      return new Content(drawing, calls, trajectories, texts, requests, places, planned);
    }

    private int count() {
      return places.stream().mapToInt(List::size).sum();
    }

    private long positions() {
      return requests.stream()
          .mapToLong(each -> (long) each.sequences().size() * each.sequences().get(0).zt().length)
          .sum();
    }
  }

  /** The calls of a request's sequences of one length. */
  @FunctionalInterface
  public interface Calls {

    /** Returns a plain {@link NetworkQuery}, which requests can share, or one with a memory. */
    BatchedQuery of(SampleRequest request);
  }

  /** A sequence that wants a call. */
  record Drawn(SamplingJob job, ActiveSequence sequence) implements Wanting {
    @Override
    public void join(TakenSequences call) {
      call.draw(this);
    }
  }

  public SamplingJob(Content content, RequestLimits limits, JobListener listener) {
    this.content = content;
    this.terms = RequestTerms.now(limits, content.positions());
    this.listener = listener;
    this.samples = new Sample[content.count()];
    this.requests = content.requests.iterator();
    this.places = content.places.iterator();
    this.plannedCalls = content.plannedCalls.iterator();
  }

  /** Returns the future of the samples; what depends on it must not run on its thread. */
  public CompletableFuture<List<Sample>> done() {
    return done;
  }

  @Override
  public boolean tryEnd(Throwable cause) {
    boolean isFirst = done.completeExceptionally(cause);
    if (isFirst) {
      listener.ended(cause);
    }
    return isFirst;
  }

  @Override
  public boolean isEnded() {
    return done.isDone();
  }

  @Override
  public RequestTerms terms() {
    return terms;
  }

  @Override
  public void end(Throwable cause) {
    ScheduledRequest.super.end(cause);
  }

  @Override
  public int weight() {
    return terms.limits().weight();
  }

  /** Returns how its tokens are drawn. */
  CallPart.Drawing drawing() {
    return content.drawing;
  }

  /** Returns whether it may make a call: nobody is to hear of an earlier one first. */
  boolean hasRoom() {
    return listener.hasRoom();
  }

  /** Returns for how many nanoseconds its listener has not returned; 0 where it has. */
  long heldUp() {
    return listener.heldUp();
  }

  /** Goes on to what wants a call, past what has ended; it may then have ended as a whole. */
  void prepare() {
    while (!isEnded() && (progress == null || progress.active(listener).isEmpty())) {
      if (progress != null) {
        keepSamples();
      }
      if (!requests.hasNext()) {
        complete();
        return;
      }
      SampleRequest request = requests.next();
      query = content.calls.of(request);
      caller = query.caller();
      progress = new RequestProgress(request, content.trajectories, content.texts);
      placesNow = places.next();
      planned = plannedCalls.hasNext() ? plannedCalls.next() : 0;
      calls = 0;
      next = 0;
    }
  }

  private void keepSamples() {
    List<Sample> some = progress.samples();
    for (int i = 0; i < some.size(); i++) {
      samples[placesNow.get(i)] = some.get(i);
    }
    progress = null;
    release();
  }

  /** Frees what its calls keep; called where no further one comes. */
  void release() {
    if (query != null) {
      query.close();
      query = null;
    }
  }

  private void complete() {
    if (done.complete(List.of(samples))) {
      listener.ended(null);
    }
  }

  @Override
  public long served() {
    return served;
  }

  /** Returns the sequences that can be called with these; after {@link #prepare}. */
  @Override
  public Key key() {
    return Key.of(caller, progress.active(listener).get(0));
  }

  @Override
  public List<Wanting> wanting() {
    List<Wanting> active = new ArrayList<>();
    progress.active(listener).forEach(sequence -> active.add(new Drawn(this, sequence)));
    Collections.rotate(active, -(next % active.size()));
    return active;
  }

  /** Takes the draws of one of its sequences. */
  void advance(ActiveSequence sequence, Draws draws) {
    sequence.advance(draws, listener);
  }

  @Override
  public void called(int taken, long round) {
    served = round;
    int before = progress.active(listener).size();
    next = before == taken ? 0 : next + taken;
    calls++;
    listener.called(calls, Math.max(calls, planned));
    progress.finishEnded(listener);
    listener.flush();
    prepare();
  }
}
