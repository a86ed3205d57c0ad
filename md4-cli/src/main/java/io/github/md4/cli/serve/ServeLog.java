// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.cli.failure.FailureLine;
import io.github.md4.cli.screen.Visible;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;

/** The log of a server: what failed, and, if it is asked for, a line for each request. */
final class ServeLog {
  private static final double MILLI_SECONDS = 1e-6;

  private final PrintWriter err;
  private final boolean hasRequests;

  /**
   * @param hasRequests whether each request gets a line
   */
  ServeLog(PrintWriter err, boolean hasRequests) {
    this.err = err;
    this.hasRequests = hasRequests;
  }

  /** Takes a failure that is not the client's. */
  synchronized void failed(Exchange exchange, Throwable failure) {
    Throwable cause = failure instanceof CallFailedException ? failure.getCause() : failure;
    err.println("md4: " + Visible.of(exchange.path()) + ": " + FailureLine.of(cause));
    err.flush();
  }

  /** Takes the end of a request whose client has gone. */
  synchronized void gone(Exchange exchange, IOException failure) {
    if (hasRequests) {
      err.println("md4: " + Visible.of(exchange.path()) + ": " + FailureLine.of(failure));
    }
  }

  /** Takes the end of a request. */
  synchronized void answered(Exchange exchange, long nanos) {
    if (hasRequests) {
      err.printf(
          Locale.ROOT,
          "md4: %s %s %s %d %.1f ms%n",
          exchange.client().getAddress().getHostAddress(),
          Visible.of(exchange.method()),
          Visible.of(exchange.path()),
          exchange.status(),
          nanos * MILLI_SECONDS);
      err.flush();
    }
  }
}
