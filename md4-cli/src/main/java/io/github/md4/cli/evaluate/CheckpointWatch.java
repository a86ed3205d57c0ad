// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidDataException;
import io.github.md4.train.Checkpoints;
import io.github.md4.train.Checkpoints.Checkpoint;
import io.github.md4.train.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Scores the checkpoints of a run, oldest first, as they appear; ends when the run has finished or
 * the time is up.
 */
final class CheckpointWatch {
  private static final Duration POLL = Duration.ofSeconds(1);

  /** How long a checkpoint that cannot be read may take to be gone. */
  private static final Duration DELETION = Duration.ofSeconds(5);

  private final RunFolder run;
  private final Settings settings;
  private final Scorer scorer;
  private final Listener listener;
  private final PrintWriter err;
  private final Set<Long> done = new HashSet<>();

  /**
   * What is watched.
   *
   * @param every only steps that are multiples of it
   * @param limit no checkpoint is begun after this time
   */
  record Settings(Path run, long every, Duration limit) {
    /** Longer than any run. */
    static final Duration FOREVER = Duration.ofDays(10_000);
  }

  /** Scores the model in a folder. */
  @FunctionalInterface
  interface Scorer {
    EvaluationReport score(Path folder) throws IOException;
  }

  /** Hears of each score. */
  @FunctionalInterface
  interface Listener {
    void scored(long step, EvaluationReport report);
  }

  CheckpointWatch(Settings settings, Scorer scorer, Listener listener, PrintWriter err) {
    this.run = new RunFolder(settings.run);
    this.settings = settings;
    this.scorer = scorer;
    this.listener = listener;
    this.err = err;
  }

  /**
   * Returns once there is nothing more to score, or no time.
   *
   * @throws InvalidDataException if there is no such folder
   */
  void run() throws IOException, InterruptedException {
    if (!Files.isDirectory(run.path())) {
      throw new InvalidDataException(run.path(), "no such folder; a run is expected");
    }
    long end = System.nanoTime() + settings.limit.toNanos();
    boolean finished = false;
    while (!finished && isBefore(end)) {
      // Asked before the checkpoints are listed, so that the last is not missed.
      finished = Files.isDirectory(run.model());
      scoreNew(end);
      if (!finished) {
        Thread.sleep(Math.min(POLL.toMillis(), Math.max(0, millisUntil(end))));
      }
    }
    if (!isBefore(end)) {
      err.println("md4: the time limit ends the watch; " + done.size() + " checkpoints were read");
    }
  }

  private void scoreNew(long end) throws IOException, InterruptedException {
    for (Checkpoint checkpoint : Checkpoints.in(run.checkpoints())) {
      boolean due = checkpoint.step() % settings.every == 0;
      if (due && isBefore(end) && done.add(checkpoint.step())) {
        score(checkpoint);
      }
    }
  }

  private void score(Checkpoint checkpoint) throws IOException, InterruptedException {
    EvaluationReport report;
    try {
      report = scorer.score(checkpoint.folder());
    } catch (IOException | InvalidDataException e) {
      if (!isDeleted(checkpoint.folder())) {
        throw e;
      }
      err.println("md4: step " + checkpoint.step() + " was deleted before it was read; skipped");
      err.flush();
      return;
    }
    listener.scored(checkpoint.step(), report);
  }

  /** Returns whether a folder goes; its files go before it does. */
  private static boolean isDeleted(Path folder) throws InterruptedException {
    long end = System.nanoTime() + DELETION.toNanos();
    while (Files.exists(folder) && isBefore(end)) {
      Thread.sleep(DELETION.toMillis() / 100);
    }
    return !Files.exists(folder);
  }

  private static boolean isBefore(long end) {
    return millisUntil(end) > 0;
  }

  private static long millisUntil(long end) {
    return Duration.ofNanos(end - System.nanoTime()).toMillis();
  }
}
