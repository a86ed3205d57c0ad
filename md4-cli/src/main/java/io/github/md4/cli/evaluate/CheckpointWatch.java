// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.folder.Checkpoints;
import io.github.md4.train.folder.Checkpoints.Checkpoint;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * The evaluation of a run's checkpoints as they appear, oldest first. It ends when the run has
 * finished or the time is up.
 */
final class CheckpointWatch {
  /** A time longer than any run. */
  static final Duration FOREVER = Duration.ofDays(10_000);

  private static final Duration POLL = Duration.ofSeconds(1);

  /** The time that the deletion of a checkpoint may take. */
  private static final Duration DELETION = Duration.ofSeconds(5);

  private final RunFolder run;
  private final long every;
  private final Evaluator evaluator;
  private final Listener listener;
  private final PrintWriter err;
  private final Set<Long> done = new HashSet<>();

  /** An evaluation of the model in a folder. */
  @FunctionalInterface
  interface Evaluator {
    EvaluationReport evaluate(Path folder) throws IOException;
  }

  /** A listener of the evaluations. */
  @FunctionalInterface
  interface Listener {
    void evaluated(long step, EvaluationReport report);
  }

  /**
   * @param every evaluates only steps that are multiples of it
   */
  CheckpointWatch(
      RunFolder run, long every, Evaluator evaluator, Listener listener, PrintWriter err) {
    this.run = run;
    this.every = every;
    this.evaluator = evaluator;
    this.listener = listener;
    this.err = err;
  }

  /**
   * Evaluates until the run has finished, or the time is up.
   *
   * @param limit no evaluation begins after it
   * @throws InvalidDataException if there is no such folder
   */
  void run(Duration limit) throws IOException, InterruptedException {
    if (!Files.isDirectory(run.path())) {
      throw new InvalidDataException(run.path(), "no such folder; name the folder of a run");
    }
    long end = System.nanoTime() + limit.toNanos();
    boolean finished = false;
    while (!finished && isBefore(end)) {
      // Asked before the checkpoints are listed, so that the last is not missed.
      finished = Files.isDirectory(run.model());
      evaluateNew(end);
      if (!finished) {
        Thread.sleep(Math.min(POLL.toMillis(), Math.max(0, millisUntil(end))));
      }
    }
    if (!isBefore(end)) {
      err.println(
          "md4: the time limit ends the watch, after " + Counted.of(done.size(), "checkpoint"));
    }
  }

  private void evaluateNew(long end) throws IOException, InterruptedException {
    for (Checkpoint checkpoint : Checkpoints.in(run.checkpoints())) {
      boolean due = checkpoint.step() % every == 0;
      if (due && isBefore(end) && done.add(checkpoint.step())) {
        evaluate(checkpoint);
      }
    }
  }

  private void evaluate(Checkpoint checkpoint) throws IOException, InterruptedException {
    EvaluationReport report;
    try {
      report = evaluator.evaluate(checkpoint.folder());
    } catch (IOException | InvalidDataException e) {
      if (!isDeleted(checkpoint.folder())) {
        throw e;
      }
      err.println("md4: step " + checkpoint.step() + " was deleted before it was read; skipped");
      err.flush();
      return;
    }
    listener.evaluated(checkpoint.step(), report);
  }

  /** Returns whether a folder is being deleted; its files go before it does. */
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
