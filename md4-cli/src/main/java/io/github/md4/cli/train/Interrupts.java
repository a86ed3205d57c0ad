// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.failure.ExitCodes;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jline.utils.Signals;

/**
 * The handler of SIGINT, SIGTERM and SIGHUP. A loop asks it whether a signal has come; it then ends
 * its step, writes a checkpoint, and returns {@link ExitCodes#INTERRUPTED}. A second signal ends
 * the process at once, with the same code. A signal right behind the first is the same one, since a
 * group of processes passes it on to its members.
 *
 * <p>JLine registers the handlers, because code that names {@code sun.misc.Signal} does not compile
 * without warnings, and a shutdown hook would miss the second signal.
 */
public final class Interrupts implements AutoCloseable {
  private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");
  private static final long AT_ONCE_NANOS = 300_000_000;

  private final PrintWriter err;
  private final Map<String, Object> previous = new LinkedHashMap<>();
  private volatile boolean requested;
  private long since;

  private Interrupts(PrintWriter err) {
    this.err = err;
  }

  /**
   * Begins to listen until it is closed.
   *
   * @param err gets a line when a signal comes
   */
  public static Interrupts listen(PrintWriter err) {
    Interrupts interrupts = new Interrupts(err);
    for (String signal : SIGNALS) {
      Object handler = Signals.register(signal, interrupts::signalled);
      if (handler == null) {
        throw new IllegalStateException("this Java does not let SIG" + signal + " be handled");
      }
      interrupts.previous.put(signal, handler);
    }
    return interrupts;
  }

  /** Returns whether a signal has come. */
  public boolean requested() {
    return requested;
  }

  private synchronized void signalled() {
    if (!requested) {
      requested = true;
      since = System.nanoTime();
      err.println("md4: stopping after this step; a second signal stops at once");
    } else if (System.nanoTime() - since > AT_ONCE_NANOS) {
      Runtime.getRuntime().halt(ExitCodes.INTERRUPTED);
    }
  }

  @Override
  public void close() {
    previous.forEach(Signals::unregister);
  }
}
