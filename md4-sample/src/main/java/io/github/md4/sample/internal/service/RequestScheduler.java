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
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
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
  /** Whoever closes the model waits no longer for listeners that do not return in this time. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration LOOK = Duration.ofMillis(100);

  private static final String CLOSED = "this model is closed";

  private final SharedCall call;
  private final boolean computesAlone;
  private final Runnable release;
  private final RecentRounds recent;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final AdmittedRequests requests;
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
    this.requests = new AdmittedRequests(limits);
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
      checkIsOpen();
      requests.add(job);
      start();
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
      checkIsOpen();
      requests.enter(guest);
      start();
    } finally {
      lock.unlock();
    }
  }

  /** Lets a request of {@link #enter} go. */
  public void leave(ScheduledRequest guest) {
    lock.lock();
    try {
      if (requests.leave(guest)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void checkIsOpen() {
    if (isClosing) {
      throw new IllegalStateException(CLOSED);
    }
  }

  private void start() {
    if (thread == null) {
      thread = new Thread(this::work, "md4-model");
      thread.setDaemon(true);
      thread.start();
    }
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
      while (!isReleased && Thread.currentThread() != thread && !requests.areAllHeldUp(PATIENCE)) {
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

  /** Returns what runs and waits now, and what was called so far. */
  public ServiceCounts counts() {
    lock.lock();
    try {
      return requests.counts(calls.get(), sequences.get());
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
        run(round);
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
      requests.endAll(cause);
    } finally {
      lock.unlock();
    }
  }

  private void run(Round round) {
    round.runTask();
    Map<NetworkJob.Key, List<NetworkJob>> groups = round.groups();
    CallBounds bounds = recent.next(round.jobs(), round.task() != null, round.number());
    groups.forEach((key, group) -> count(call.run(key, group, bounds, round.number())));
  }

  private void count(int taken) {
    calls.incrementAndGet();
    sequences.addAndGet(taken);
  }

  /** Waits for what can go on; null where the model is closed and nothing is left. */
  private Round next() {
    lock.lock();
    try {
      while (true) {
        endOverdue();
        requests.begin();
        List<NetworkJob> jobs =
            Stream.concat(requests.ready(), scoring.stream())
                .sorted(Comparator.comparingLong(NetworkJob::served)) // who waited longest
                .toList();
        FutureTask<?> task = tasks.poll();
        if (task != null || !jobs.isEmpty()) {
          return new Round(++rounds, task, jobs);
        }
        if (isClosing && requests.isEmpty()) {
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

  private void endOverdue() {
    long now = System.nanoTime();
    if (isClosing && now - closesAt >= 0) {
      requests.forEach(each -> each.end(new IllegalStateException(CLOSED)));
    }
    requests.endOverdue(now);
    scoring.removeIf(ScoreJob::isOver);
  }

  /** Returns the nanoseconds until something is due; the greatest where nothing is. */
  private long untilDue() {
    long now = System.nanoTime();
    long wait = requests.untilDue(now);
    return isClosing && closesAt - now > 0 ? Math.min(wait, closesAt - now) : wait;
  }
}
