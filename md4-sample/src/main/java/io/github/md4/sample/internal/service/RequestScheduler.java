// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.sample.service.OverloadedException;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceCounts;
import io.github.md4.sample.service.ServiceLimits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The requests of a model and the one thread that calls its network for them. In each round every
 * request that runs has sequences in a call, one call for each network; a call is bounded, so that
 * no request waits long for another.
 */
public final class RequestScheduler {
  /** More only wait longer, all of them. */
  private static final int MOST_RUNNING = 256;

  /** Whoever closes the model waits no longer for listeners that do not return in this time. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration LOOK = Duration.ofMillis(100);

  private static final String CLOSED = "this model is closed";

  private final ServiceLimits limits;
  private final SharedCall call;
  private final boolean computesAlone;
  private final Runnable release;
  private final RecentRounds recent;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<SamplingJob> queued = new ArrayDeque<>();
  private final List<SamplingJob> running = new ArrayList<>();
  private final Set<ScheduledRequest> guests = new LinkedHashSet<>();
  private final List<ScoreJob> scoring = new ArrayList<>();
  private final Deque<FutureTask<?>> tasks = new ArrayDeque<>();
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong sequences = new AtomicLong();
  private long rounds;
  private Thread thread; // null before the first request
  private boolean isClosing;
  private long closesAt;
  private boolean isReleased;

  /**
   * @param computesAlone whether no other thread shares an operation of the model's thread
   * @param release frees the model, when no request is left
   */
  public RequestScheduler(
      ServiceLimits limits, SharedCall call, boolean computesAlone, Runnable release) {
    this.computesAlone = computesAlone;
    this.limits = limits;
    this.recent = new RecentRounds(limits.callPositions());
    this.call = call;
    this.release = release;
  }

  /**
   * Takes a request for samples.
   *
   * @throws OverloadedException if there are too many
   * @throws IllegalStateException if the model is closed
   */
  public void submit(SamplingJob job) {
    lock.lock();
    try {
      admit(job);
      queued.add(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes a request that makes its calls by {@link #call}.
   *
   * @throws OverloadedException if there are too many
   * @throws IllegalStateException if the model is closed
   */
  public void enter(ScheduledRequest guest) {
    lock.lock();
    try {
      admit(guest);
      guests.add(guest);
    } finally {
      lock.unlock();
    }
  }

  /** Lets a request of {@link #enter} go. */
  public void leave(ScheduledRequest guest) {
    lock.lock();
    try {
      if (guests.remove(guest)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void admit(ScheduledRequest request) {
    if (isClosing) {
      throw new IllegalStateException(CLOSED);
    }
    List<ScheduledRequest> live = live(all());
    long positions = positions(live);
    if (live.size() >= limits.requests()) {
      throw new OverloadedException(
          "as many requests run and wait as the limit allows, %d; try again later"
              .formatted(limits.requests()));
    }
    if (request.positions() > limits.positions() - positions) {
      throw new OverloadedException(
          "%d more positions exceed the limit of %d, of which %d are taken; %s"
              .formatted(
                  request.positions(),
                  limits.positions(),
                  positions,
                  positions == 0 ? "divide the request" : "try again later"));
    }
    if (thread == null) {
      thread = new Thread(this::work, "md4-model");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Leaves out what has ended: its caller knows, perhaps before the model's thread looks. */
  private static List<ScheduledRequest> live(Collection<? extends ScheduledRequest> requests) {
    return requests.stream().<ScheduledRequest>map(each -> each).filter(e -> !e.isEnded()).toList();
  }

  private static long positions(List<ScheduledRequest> requests) {
    return requests.stream().mapToLong(ScheduledRequest::positions).sum();
  }

  /**
   * Runs a call of the network on the model's thread, and waits for it.
   *
   * @throws CancellationException if the thread is interrupted; its flag is set again
   */
  public <T> T call(Supplier<T> network) {
    FutureTask<T> task = new FutureTask<>(network::get);
    begin(() -> tasks.add(task));
    return awaited(task);
  }

  /**
   * Lets the network see the masked copies of a text, with what others ask, and waits for their
   * losses.
   *
   * @return the losses of the asked positions, nats
   * @throws CancellationException if the thread is interrupted; its flag is set again
   */
  public float[] losses(ScoreJob job) {
    begin(() -> scoring.add(job));
    return awaited(job.done());
  }

  private void begin(Runnable adding) {
    lock.lock();
    try {
      if (isReleased) {
        throw new IllegalStateException(CLOSED);
      }
      adding.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static <T> T awaited(Future<T> result) {
    try {
      return result.get();
    } catch (InterruptedException e) {
      boolean unused = result.cancel(false);
      throw Interrupted.again();
    } catch (ExecutionException e) {
      throw Interrupted.unchecked(e.getCause());
    }
  }

  /** Looks again for requests that can go on. */
  public void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses new requests from now on, and ends the others after a time.
   *
   * @return whether the model is freed now, else its thread frees it
   */
  public boolean beginClosing(Duration grace) {
    lock.lock();
    try {
      long end = endOf(grace);
      closesAt = isClosing ? Math.min(closesAt, end) : end;
      isClosing = true;
      changed.signalAll();
      if (thread == null && !isReleased) {
        isReleased = true;
        release.run();
      }
      return isReleased;
    } finally {
      lock.unlock();
    }
  }

  private static long endOf(Duration grace) {
    boolean isLong = grace.compareTo(RequestLimits.NEVER) >= 0;
    long nanos = isLong ? Long.MAX_VALUE / 2 : Math.min(grace.toNanos(), Long.MAX_VALUE / 2);
    return System.nanoTime() + nanos;
  }

  /**
   * Waits until the model is freed, or only requests are left whose listeners do not return: they
   * may wait for this thread. An interrupt ends the grace, and the thread's flag is set again.
   */
  public void awaitRelease() {
    boolean isInterrupted = false;
    lock.lock();
    try {
      while (!isReleased && Thread.currentThread() != thread && !areAllHeldUp()) {
        try {
          long unused = changed.awaitNanos(LOOK.toNanos());
        } catch (InterruptedException e) {
          isInterrupted = true;
          closesAt = System.nanoTime();
          changed.signalAll();
        }
      }
    } finally {
      lock.unlock();
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean areAllHeldUp() {
    return !running.isEmpty()
        && queued.isEmpty()
        && guests.isEmpty()
        && running.stream().allMatch(job -> job.heldUp() > PATIENCE.toNanos());
  }

  /** Returns what runs and waits now, and what was called so far. */
  public ServiceCounts counts() {
    lock.lock();
    try {
      return new ServiceCounts(
          live(running).size() + live(guests).size(),
          live(queued).size(),
          positions(live(all())),
          calls.get(),
          sequences.get());
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    try {
      EngineThreads.computeOnly();
      if (computesAlone) {
        EngineThreads.computeAlone();
      }
      for (Round round = next(); round != null; round = next()) {
        round.run();
      }
    } catch (RuntimeException | Error e) { // of no request: nothing can go on
      endAll(e);
      throw e;
    } finally {
      free();
    }
  }

  private void free() {
    lock.lock();
    try {
      isClosing = true;
      release.run();
    } finally {
      isReleased = true;
      tasks.forEach(task -> task.cancel(false));
      scoring.forEach(job -> job.end(new IllegalStateException(CLOSED)));
      changed.signalAll();
      lock.unlock();
    }
  }

  private void endAll(Throwable cause) {
    lock.lock();
    try {
      isClosing = true;
      all().forEach(each -> each.end(cause));
      queued.clear();
      running.clear();
      guests.clear();
    } finally {
      lock.unlock();
    }
  }

  private Collection<ScheduledRequest> all() {
    List<ScheduledRequest> all = new ArrayList<>(running);
    all.addAll(queued);
    all.addAll(guests);
    return all;
  }

  /** A round: a call of a guest, and calls for the requests that can go on. */
  private final class Round {
    private final long number;
    private final FutureTask<?> task;
    private final List<NetworkJob> jobs;

    Round(long number, FutureTask<?> task, List<NetworkJob> jobs) {
      this.number = number;
      this.task = task;
      this.jobs = jobs;
    }

    void run() {
      if (task != null) {
        task.run();
      }
      Map<NetworkJob.Key, List<NetworkJob>> groups = new LinkedHashMap<>();
      for (NetworkJob job : jobs) {
        groups.computeIfAbsent(job.key(), key -> new ArrayList<>()).add(job);
      }
      CallBounds bounds = recent.next(jobs, task != null, number);
      groups.forEach((key, group) -> count(call.run(key, group, bounds, number)));
    }
  }

  /** Waits for what can go on; null where the model is closed and nothing is left. */
  private Round next() {
    lock.lock();
    try {
      while (true) {
        endOverdue();
        begin();
        List<NetworkJob> jobs =
            Stream.concat(running.stream().filter(SamplingJob::hasRoom), scoring.stream())
                .sorted(Comparator.comparingLong(NetworkJob::served)) // who waited longest
                .toList();
        FutureTask<?> task = tasks.poll();
        if (task != null || !jobs.isEmpty()) {
          return new Round(++rounds, task, jobs);
        }
        if (isClosing && running.isEmpty() && queued.isEmpty() && guests.isEmpty()) {
          return null;
        }
        long wait = untilDue();
        if (wait == Long.MAX_VALUE) {
          changed.await();
        } else {
          long unused = changed.awaitNanos(Math.max(1, wait));
        }
      }
    } catch (InterruptedException e) {
      // Nobody has this thread but the scheduler.
      throw new IllegalStateException("the model's thread was interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  /** Lets waiting requests begin, in their order. */
  private void begin() {
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

  private void endOverdue() {
    long now = System.nanoTime();
    boolean isOver = isClosing && now - closesAt >= 0;
    for (ScheduledRequest each : all()) {
      if (isOver) {
        each.end(new IllegalStateException(CLOSED));
      } else if (each.endsAt() != Long.MAX_VALUE && now - each.endsAt() >= 0) {
        each.end(each.overdue());
      }
    }
    drop(running);
    drop(queued);
    scoring.removeIf(ScoreJob::isOver);
  }

  private void drop(Collection<SamplingJob> from) {
    Iterator<SamplingJob> jobs = from.iterator();
    while (jobs.hasNext()) {
      SamplingJob job = jobs.next();
      if (job.isEnded()) {
        jobs.remove();
        job.release();
      }
    }
  }

  private void count(int taken) {
    calls.incrementAndGet();
    sequences.addAndGet(taken);
  }

  /** Returns the nanoseconds until something is due; the greatest where nothing is. */
  private long untilDue() {
    long now = System.nanoTime();
    long wait = isClosing && closesAt - now > 0 ? closesAt - now : Long.MAX_VALUE;
    for (ScheduledRequest each : all()) {
      if (each.endsAt() != Long.MAX_VALUE && !each.isEnded()) {
        wait = Math.min(wait, each.endsAt() - now);
      }
    }
    return wait;
  }
}
