// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.cli.failure.ExitCodes;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jline.utils.Signals;

/** The wait for SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once. */
final class StopRequest implements AutoCloseable {
  private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

  /** A signal right behind the first is the same one, passed on by a group of processes. */
  private static final long AT_ONCE_NANOS = 300_000_000;

  private final PrintWriter err;
  private final CountDownLatch come = new CountDownLatch(1);
  private final Map<String, Object> previous = new LinkedHashMap<>();
  private long since;

  private StopRequest(PrintWriter err) {
    this.err = err;
  }

  /**
   * Begins to listen until it is closed.
   *
   * @param err gets a line when a signal comes
   */
  static StopRequest listen(PrintWriter err) {
    StopRequest stop = new StopRequest(err);
    for (String signal : SIGNALS) {
      Object handler = Signals.register(signal, stop::signalled);
      if (handler != null) {
        stop.previous.put(signal, handler);
      }
    }
    return stop;
  }

  /** Waits for a signal, or for an interrupt of this thread. */
  void await() {
    try {
      come.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void signalled() {
    if (come.getCount() > 0) {
      since = System.nanoTime();
      err.println("md4: closing; running requests may end; a second signal ends them at once");
      err.flush();
      come.countDown();
    } else if (System.nanoTime() - since > AT_ONCE_NANOS) {
      Runtime.getRuntime().halt(ExitCodes.INTERRUPTED);
    }
  }

  @Override
  public void close() {
    previous.forEach(Signals::unregister);
  }
}
