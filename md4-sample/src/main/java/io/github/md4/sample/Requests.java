// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * The requests of a model that are running, and the freeing of its memory after the last of them.
 *
 * <p>Closing waits for requests, but not for one whose listener has not returned for some time: the
 * listener may be waiting for the thread that closes. The request then frees the memory itself.
 */
final class Requests {
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final long LOOK_MILLIS = 50;

  private final Runnable freeing;
  private final ReentrantReadWriteLock open = new ReentrantReadWriteLock(true);
  private final ThreadLocal<Boolean> isEnding = ThreadLocal.withInitial(() -> false);
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();
  private final Map<Thread, Long> listening = new ConcurrentHashMap<>(); // since when, nanoseconds
  private volatile boolean isClosed;
  private boolean isFreed; // under the write lock

  /**
   * @param freeing frees the memory; called once
   */
  Requests(Runnable freeing) {
    this.freeing = freeing;
  }

  /**
   * Returns what a request gives.
   *
   * @throws IllegalStateException if the model is closed
   */
  <T> T run(Supplier<T> request) {
    open.readLock().lock();
    try {
      running.add(Thread.currentThread());
      if (isClosed) {
        throw new IllegalStateException("this model is closed");
      }
      return request.get();
    } finally {
      open.readLock().unlock();
      if (open.getReadHoldCount() == 0) {
        running.remove(Thread.currentThread());
        isEnding.remove();
        freeIfLast();
      }
    }
  }

  /** Runs what a listener does on the thread of a request. */
  void hear(Runnable listener) {
    boolean isFirst = listening.putIfAbsent(Thread.currentThread(), System.nanoTime()) == null;
    try {
      listener.run();
    } finally {
      if (isFirst) {
        listening.remove(Thread.currentThread());
      }
    }
  }

  /**
   * Checks that the request of this thread goes on.
   *
   * @throws IllegalStateException if the model was closed in a listener of it
   */
  void check() {
    if (isEnding.get()) {
      throw new IllegalStateException("this model was closed in a listener of this request");
    }
  }

  /** Ends the request whose listener calls this, or waits for all; later ones are refused. */
  void close() {
    isClosed = true;
    if (open.getReadHoldCount() > 0) {
      isEnding.set(true);
    } else if (isAlone()) {
      freeAndUnlock();
    }
  }

  /** Waits; returns whether this thread has the write lock. */
  private boolean isAlone() {
    boolean isInterrupted = false;
    try {
      while (true) {
        try {
          if (open.writeLock().tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            return true;
          }
        } catch (InterruptedException e) {
          isInterrupted = true;
        }
        if (areHeldUp()) {
          return false;
        }
      }
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean areHeldUp() {
    long now = System.nanoTime();
    return running.stream()
        .allMatch(thread -> now - listening.getOrDefault(thread, now) > PATIENCE.toNanos());
  }

  /** Frees a model that was closed meanwhile, when its last request has ended. */
  private void freeIfLast() {
    if (isClosed && open.writeLock().tryLock()) {
      freeAndUnlock();
    }
  }

  private void freeAndUnlock() {
    try {
      if (!isFreed) {
        isFreed = true;
        freeing.run();
      }
    } finally {
      open.writeLock().unlock();
    }
  }
}
