// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.core.internal.text.Counted;
import io.github.md4.sample.service.OverloadedException;
import io.github.md4.sample.service.ServiceCounts;
import io.github.md4.sample.service.ServiceLimits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The requests that a {@link RequestScheduler} has admitted: those for samples wait and then run,
 * and guests make their calls by themselves. Whoever calls holds the scheduler's lock.
 */
final class AdmittedRequests {
  /** More only wait longer, all of them. */
  private static final int MOST_RUNNING = 256;

  private final ServiceLimits limits;
  private final Deque<SamplingJob> queued = new ArrayDeque<>();
  private final List<SamplingJob> running = new ArrayList<>();
  private final Set<ScheduledRequest> guests = new LinkedHashSet<>();

  AdmittedRequests(ServiceLimits limits) {
    this.limits = limits;
  }

  /**
   * Admits a request for samples.
   *
   * @throws OverloadedException if there are too many
   */
  void add(SamplingJob job) {
    checkHasRoomFor(job);
    queued.add(job);
  }

  /**
   * Admits a request that makes its calls by itself.
   *
   * @throws OverloadedException if there are too many
   */
  void enter(ScheduledRequest guest) {
    checkHasRoomFor(guest);
    guests.add(guest);
  }

  /** Lets a request of {@link #enter} go. Returns whether it was there. */
  boolean leave(ScheduledRequest guest) {
    return guests.remove(guest);
  }

  private void checkHasRoomFor(ScheduledRequest request) {
    List<ScheduledRequest> live = live(all());
    long positions = positions(live);
    if (live.size() >= limits.requests()) {
      throw new OverloadedException(
          "as many requests run and wait as the limit allows, %d; try again later"
              .formatted(limits.requests()));
    }
    if (request.positions() > limits.positions() - positions) {
      throw new OverloadedException(
          "%s the limit of %,d, of which %,d are taken; %s"
              .formatted(
                  Counted.of(request.positions(), "more position exceeds", "more positions exceed"),
                  limits.positions(),
                  positions,
                  positions == 0 ? "divide the request" : "try again later"));
    }
  }

  /** Leaves out what has ended: its caller knows, perhaps before the model's thread looks. */
  private static List<ScheduledRequest> live(Collection<? extends ScheduledRequest> requests) {
    return requests.stream().<ScheduledRequest>map(each -> each).filter(e -> !e.isEnded()).toList();
  }

  private static long positions(List<ScheduledRequest> requests) {
    return requests.stream().mapToLong(ScheduledRequest::positions).sum();
  }

  private List<ScheduledRequest> all() {
    List<ScheduledRequest> all = new ArrayList<>(running);
    all.addAll(queued);
    all.addAll(guests);
    return all;
  }

  boolean isEmpty() {
    return running.isEmpty() && queued.isEmpty() && guests.isEmpty();
  }

  /** Returns whether all wait for listeners that have not returned for longer than a time. */
  boolean areAllHeldUp(Duration patience) {
    return !running.isEmpty()
        && queued.isEmpty()
        && guests.isEmpty()
        && running.stream().allMatch(job -> job.heldUp() > patience.toNanos());
  }

  /**
   * Returns what runs and waits.
   *
   * @param calls the calls of the network so far
   * @param sequences the sequences in them
   */
  ServiceCounts counts(long calls, long sequences) {
    return new ServiceCounts(
        live(running).size() + live(guests).size(),
        live(queued).size(),
        positions(live(all())),
        calls,
        sequences);
  }

  /** Lets waiting requests begin, in their order. */
  void begin() {
    while (running.size() < MOST_RUNNING && !queued.isEmpty()) {
      SamplingJob job = queued.poll();
      prepare(job);
      if (job.isEnded()) {
        job.release();
      } else {
        running.add(job);
      }
    }
  }

  private static void prepare(SamplingJob job) {
    try {
      job.prepare();
    } catch (RuntimeException e) {
      job.end(e);
    }
  }

  /** Returns the requests for samples that can have a call. */
  Stream<SamplingJob> ready() {
    return running.stream().filter(SamplingJob::hasRoom);
  }

  void forEach(Consumer<ScheduledRequest> action) {
    all().forEach(action);
  }

  /** Ends all and forgets them. */
  void endAll(Throwable cause) {
    forEach(each -> each.end(cause));
    queued.clear();
    running.clear();
    guests.clear();
  }

  /**
   * Ends those whose deadline has passed, and forgets the requests for samples that have ended.
   *
   * @param now the value of {@link System#nanoTime}
   */
  void endOverdue(long now) {
    for (ScheduledRequest each : all()) {
      if (each.endsAt() != Long.MAX_VALUE && now - each.endsAt() >= 0) {
        each.end(each.overdue());
      }
    }
    forgetEnded(running);
    forgetEnded(queued);
  }

  private static void forgetEnded(Collection<SamplingJob> from) {
    Iterator<SamplingJob> jobs = from.iterator();
    while (jobs.hasNext()) {
      SamplingJob job = jobs.next();
      if (job.isEnded()) {
        jobs.remove();
        job.release();
      }
    }
  }

  /**
   * Returns the nanoseconds until the next deadline; the greatest without one.
   *
   * @param now the value of {@link System#nanoTime}
   */
  long untilDue(long now) {
    long wait = Long.MAX_VALUE;
    for (ScheduledRequest each : all()) {
      if (each.endsAt() != Long.MAX_VALUE && !each.isEnded()) {
        wait = Math.min(wait, each.endsAt() - now);
      }
    }
    return wait;
  }
}
