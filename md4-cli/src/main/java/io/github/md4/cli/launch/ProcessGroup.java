// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.launch;

import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jline.utils.Signals;

/** The processes of a launch, which live and die together. */
final class ProcessGroup implements AutoCloseable {
  private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");
  private static final long AT_ONCE_NANOS = 300_000_000;

  /** The time that processes have to end by themselves when another one has failed. */
  private static final Duration GRACE = Duration.ofSeconds(7);

  /** The time that they have after they are told to. */
  private static final Duration LAST_GRACE = Duration.ofSeconds(2);

  private final PrintWriter err;
  private final List<Member> members = new ArrayList<>();
  private final BlockingQueue<Member> ended = new LinkedBlockingQueue<>();
  private final Map<String, Object> handlers = new LinkedHashMap<>();
  private volatile boolean isSignalled;
  private long since;

  private ProcessGroup(PrintWriter err) {
    this.err = err;
  }

  /**
   * Starts the processes.
   *
   * @param port at which the first of them listens
   * @param command the words after md4
   */
  static ProcessGroup start(int size, int port, List<String> command, PrintWriter err)
      throws IOException {
    ProcessGroup group = new ProcessGroup(err);
    for (String signal : SIGNALS) {
      group.handlers.put(signal, Signals.register(signal, group::signalled));
    }
    try {
      for (int rank = 0; rank < size; rank++) {
        Member member = Member.start(new Member.Place(rank, size, port), command, err);
        group.members.add(member);
        member.onExit(() -> group.ended.add(member));
      }
      return group;
    } catch (IOException e) {
      group.close();
      throw e;
    }
  }

  /** Passes a signal on; a second one ends all at once. */
  private synchronized void signalled() {
    if (!isSignalled) {
      isSignalled = true;
      since = System.nanoTime();
      members.forEach(Member::end);
    } else if (System.nanoTime() - since > AT_ONCE_NANOS) {
      members.forEach(Member::kill);
    }
  }

  /** Waits for all processes and returns the exit code of the first that failed; else 0. */
  int await() throws InterruptedException {
    int code = ExitCodes.DONE;
    for (int left = members.size(); left > 0; left--) {
      Member member = ended.take();
      if (member.code() != ExitCodes.DONE) {
        code = member.code();
        if (code != ExitCodes.INTERRUPTED) {
          report(member);
          endAll();
          return member.reportedCode();
        }
      }
    }
    return code;
  }

  private void report(Member member) {
    err.println("md4: " + member.obituary());
    member.lastLines().forEach(line -> err.println("md4:   " + line));
    err.flush();
  }

  /** Lets the others end by themselves, then makes them. */
  private void endAll() throws InterruptedException {
    if (!areGoneWithin(GRACE)) {
      members.forEach(Member::end);
      if (!areGoneWithin(LAST_GRACE)) {
        members.forEach(Member::kill);
      }
    }
  }

  private boolean areGoneWithin(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    for (Member member : members) {
      if (!member.isGoneWithin(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    members.forEach(Member::kill);
    handlers.forEach(Signals::unregister);
  }
}
