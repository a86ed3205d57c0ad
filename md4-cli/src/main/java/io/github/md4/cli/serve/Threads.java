// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of the server. They do not keep the process alive. */
final class Threads {
  private Threads() {}

  /** Returns a factory of threads with a name and a number. */
  static ThreadFactory daemons(String name) {
    AtomicInteger next = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + next.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
