// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.support.ExitCodes;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jline.utils.Signals;

/**
 * SIGINT and SIGTERM as a question that a loop asks: it then ends its step, saves, and returns
 * {@link ExitCodes#INTERRUPTED}. A second signal ends the process at once, with the same code; one
 * that follows at once is the first again, which a group of processes hands on to its members.
 *
 * <p>JLine registers the handlers: javac lets no warning-free code name {@code sun.misc.Signal},
 * and a shutdown hook would not hear of the second signal.
 */
public final class Interrupts implements AutoCloseable {
  private static final List<String> SIGNALS = List.of("INT", "TERM");
  private static final long AT_ONCE_NANOS = 300_000_000;

  private final PrintWriter err;
  private final Map<String, Object> previous = new LinkedHashMap<>();
  private volatile boolean requested;
  private long since;

  private Interrupts(PrintWriter err) {
    this.err = err;
  }

  /** Begins to listen; says so on {@code err} when a signal comes. Close it to stop listening. */
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
      err.println("md4: stopping once this step is done and saved; again to stop at once");
    } else if (System.nanoTime() - since > AT_ONCE_NANOS) {
      Runtime.getRuntime().halt(ExitCodes.INTERRUPTED);
    }
  }

  @Override
  public void close() {
    previous.forEach(Signals::unregister);
  }
}
