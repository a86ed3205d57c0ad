// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import io.github.md4.cli.screen.Pace;
import io.github.md4.cli.screen.Progress;
import io.github.md4.cli.screen.Visible;
import io.github.md4.train.TrainingListener.StepMetrics;
import io.github.md4.train.config.TrainingConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The account of a training on stderr: a bar in a terminal, elsewhere a line for each metrics, and
 * in both the speed as soon as it is known.
 */
final class TrainingLog implements AutoCloseable {
  /** When a speed is told that no metrics have told. */
  private static final double TELL_AFTER_SECONDS = 10;

  /** The characters of a sample that are shown. */
  private static final int SHOWN = 56;

  private final Progress progress;
  private final PrintWriter err;
  private final long first;
  private final long steps;
  private final long tokensAStep;
  private Pace pace;
  private String note = "";
  private boolean isSpeedKnown;

  /**
   * @param first the number of steps that the run has made before
   * @param length of a sequence
   */
  TrainingLog(TrainingConfig training, int length, long first, PrintWriter err) {
    this.err = err;
    this.first = first;
    this.steps = training.steps();
    this.tokensAStep = (long) training.batching().batchSize() * length;
    this.pace = new Pace(first, steps);
    this.progress = Progress.start("training", first, steps, err);
  }

  /** A step was made. */
  void step(long step) {
    if (step == first + 1) {
      pace = new Pace(step, steps); // the first step waits for what is compiled
    }
    if (!isSpeedKnown && step > first + 1 && pace.seconds() > TELL_AFTER_SECONDS) {
      isSpeedKnown = true;
      double speed = tokensAStep * pace.perSecond(step);
      note = String.format(Locale.ROOT, "%,.0f tokens/s", speed);
      err.println("about " + note + ", " + pace.left(step));
    }
    progress.at(step, note);
  }

  /** Metrics are known. */
  void metrics(StepMetrics metrics) {
    isSpeedKnown = true;
    note = Progress.note(metrics.bitsPerToken(), metrics.speed());
    String left = pace.left(metrics.step());
    progress.log(
        String.format(
            Locale.ROOT,
            "step %,d of %,d: loss %.4f bits per token, rate %.2e, %s%s",
            metrics.step(),
            steps,
            metrics.bitsPerToken(),
            metrics.learningRate(),
            Progress.speed(metrics.speed()),
            left.isEmpty() ? "" : ", " + left));
  }

  /** A sample was drawn; its beginning is shown, all of it is in the run's folder. */
  void sample(long step, String text) {
    String shown = Visible.of(text);
    int end = shown.offsetByCodePoints(0, Math.min(SHOWN, shown.codePointCount(0, shown.length())));
    err.printf(
        Locale.ROOT,
        "step %,d: sample: %s%s%n",
        step,
        shown.substring(0, end),
        end < shown.length() ? "..." : "");
    err.flush();
  }

  /** Samples were drawn that only their picture shows. */
  void samples(long step, Path picture) {
    err.printf(Locale.ROOT, "step %,d: samples: %s%n", step, picture);
    err.flush();
  }

  /** Something else than a step goes on, such as an evaluation. */
  void busy(long step, String what) {
    progress.at(step, what);
  }

  /** The run is at another step. */
  void back(long step) {
    progress.at(step, note);
  }

  /** Prints a line of the program, such as a warning. */
  void warn(String line) {
    err.println("md4: " + line);
  }

  @Override
  public void close() {
    progress.close();
  }
}
