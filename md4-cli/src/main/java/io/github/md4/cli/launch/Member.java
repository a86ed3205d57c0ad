// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.launch;

import io.github.md4.cli.failure.ExitCodes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One process of a launch. */
final class Member {
  private static final String GPUS = "CUDA_VISIBLE_DEVICES";
  private static final String THREADS = "OMP_NUM_THREADS";
  private static final int LAST_LINES = 5;

  /** Shells add the number of the signal that has ended a process to this. */
  private static final int SIGNAL = 128;

  private final int rank;
  private final Process process;
  private final Deque<String> lastLines = new ArrayDeque<>();

  /**
   * The place of a process.
   *
   * @param port at which the first process listens
   */
  record Place(int rank, int size, int port) {}

  private Member(int rank, Process process) {
    this.rank = rank;
    this.process = process;
  }

  /** Starts a process; what all but the first say on stderr is told with their rank. */
  static Member start(Place place, List<String> command, PrintWriter err) throws IOException {
    ProcessBuilder builder = ChildCommand.builder(command);
    setPlace(builder.environment(), place);
    if (place.rank == 0) {
      builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
      return new Member(place.rank, builder.start());
    }
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.PIPE);
    Member member = new Member(place.rank, builder.start());
    Thread reader = new Thread(() -> member.read(err), "md4-rank-" + place.rank);
    reader.setDaemon(true);
    reader.start();
    return member;
  }

  /** Sets torchrun's variables, a GPU for each process, and a share of the processors. */
  static void setPlace(Map<String, String> environment, Place place) {
    environment.put("RANK", "" + place.rank);
    environment.put("LOCAL_RANK", "" + place.rank);
    environment.put("WORLD_SIZE", "" + place.size);
    environment.put("MASTER_ADDR", "127.0.0.1");
    environment.put("MASTER_PORT", "" + place.port);
    environment.put(ChildCommand.LAUNCHER, "" + ProcessHandle.current().pid());
    String gpus = environment.getOrDefault(GPUS, "");
    List<String> all = gpus.isBlank() ? List.of() : List.of(gpus.split(",", -1));
    if (all.isEmpty()) {
      environment.put(GPUS, "" + place.rank);
    } else if (all.size() >= place.size) {
      environment.put(GPUS, all.get(place.rank).strip());
    }
    int processors = Runtime.getRuntime().availableProcessors();
    environment.putIfAbsent(THREADS, "" + Math.max(1, processors / place.size));
  }

  private void read(PrintWriter err) {
    try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        keep(line);
        err.println("[rank %d] %s".formatted(rank, line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void keep(String line) {
    lastLines.add(line);
    if (lastLines.size() > LAST_LINES) {
      lastLines.remove();
    }
  }

  /** Returns the last lines of stderr, of all but the first process, whose lines are seen. */
  synchronized List<String> lastLines() {
    return List.copyOf(lastLines);
  }

  void onExit(Runnable task) {
    CompletableFuture<Void> unused = process.onExit().thenRun(task);
  }

  boolean isGoneWithin(long time, TimeUnit unit) throws InterruptedException {
    return process.waitFor(time, unit);
  }

  int code() {
    return process.exitValue();
  }

  /** Returns the exit code for the whole: that of a process which a signal has ended is 1. */
  int reportedCode() {
    return code() > SIGNAL ? ExitCodes.FAILURE : code();
  }

  /** Returns a line about the process's end. */
  String obituary() {
    String how =
        code() > SIGNAL
            ? "was ended by signal " + (code() - SIGNAL)
            : "has ended with exit code " + code();
    return "rank %d (process %d) %s; the others end too".formatted(rank, process.pid(), how);
  }

  /** Asks the process to end. */
  void end() {
    process.destroy();
  }

  void kill() {
    process.destroyForcibly();
  }
}
