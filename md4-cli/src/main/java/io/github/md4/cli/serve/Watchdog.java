// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A clock that acts where something takes too long. */
final class Watchdog implements AutoCloseable {
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Threads.daemons("md4-http-timer"));

  /** A time that runs; closing it stops it. */
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /** Lets something be done after a time, unless the watch is closed before. */
  Watch within(Duration time, Runnable action) {
    Future<?> due = timer.schedule(action, time.toMillis(), TimeUnit.MILLISECONDS);
    return () -> due.cancel(false);
  }

  /** Lets something be done again and again, until the watch is closed. */
  Watch every(Duration time, Runnable action) {
    long millis = time.toMillis();
    Future<?> due = timer.scheduleWithFixedDelay(action, millis, millis, TimeUnit.MILLISECONDS);
    return () -> due.cancel(false);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
