// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import io.github.md4.train.TrainingListener.Speed;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The progress of a long command: a bar on the last line of the terminal that stderr leads to. A
 * log may have lines instead, where stderr leads to none.
 */
public sealed interface Progress extends AutoCloseable
    permits Progress.Silent, Progress.Log, ProgressLine {

  /** The number of steps where it is unknown. */
  long UNKNOWN = -1;

  /**
   * Shows that {@code step} steps are done.
   *
   * @param note a text behind the bar; may be empty
   */
  void at(long step, String note);

  /** Prints a line that tells what the bar shows, where there is no bar. */
  void log(String line);

  @Override
  void close();

  /**
   * Returns the progress of {@code task}, silent without a terminal. In one, nothing of it is left
   * at its end: the results are what is to be read.
   *
   * @param first the steps that a resumed run has done before
   * @param last the number of all steps; {@value #UNKNOWN} where it is unknown
   */
  static Progress start(String task, long first, long last) {
    return start(task, first, last, Screen::erase, new Silent());
  }

  /**
   * As {@link #start(String, long, long)}, with the lines of {@link #log} without a terminal. In
   * one the bar is left as it ends, with the last note.
   *
   * @param err gets these lines
   */
  static Progress start(String task, long first, long last, PrintWriter err) {
    return start(task, first, last, Screen::finish, new Log(err));
  }

  private static Progress start(
      String task, long first, long last, Consumer<Screen> end, Progress otherwise) {
    return System.err instanceof ScreenStream stream && stream.isTerminal()
        ? new ProgressLine(stream.screen(), task, first, last, end)
        : otherwise;
  }

  /**
   * Returns the note of a training step: the loss, the tokens per second and their share of the
   * peak.
   */
  static String note(double loss, Speed speed) {
    return String.format(Locale.ROOT, "loss %.4f, %s", loss, speed(speed));
  }

  /** Returns the tokens per second and, where it is known, their share of the peak. */
  static String speed(Speed speed) {
    double share = speed.modelFlopsUtilisation();
    return String.format(Locale.ROOT, "%,.0f tokens/s", speed.tokensPerSecond())
        + (Double.isNaN(share) ? "" : String.format(Locale.ROOT, ", MFU %.1f%%", 100 * share));
  }

  /** A progress that draws nothing. */
  record Silent() implements Progress {
    @Override
    public void at(long step, String note) {}

    @Override
    public void log(String line) {}

    @Override
    public void close() {}
  }

  /** A progress that draws nothing and prints lines. */
  record Log(PrintWriter err) implements Progress {
    @Override
    public void at(long step, String note) {}

    @Override
    public void log(String line) {
      err.println(line);
    }

    @Override
    public void close() {}
  }
}
