// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import io.github.md4.train.TrainingListener.Speed;
import java.util.Locale;

/** The progress of a long command. It is drawn on stderr if that is a terminal. */
public sealed interface Progress extends AutoCloseable permits Progress.Silent, ProgressLine {

  /** The number of steps where it is unknown. */
  long UNKNOWN = -1;

  /**
   * Shows that {@code step} steps are done.
   *
   * @param note a text behind the bar; may be empty
   */
  void at(long step, String note);

  @Override
  void close();

  /**
   * Returns the progress of {@code task}.
   *
   * @param first the steps that a resumed run has done before
   * @param last the number of all steps; {@value #UNKNOWN} where it is unknown
   */
  static Progress start(String task, long first, long last) {
    return Terminal.isStderr() ? ProgressLine.start(task, first, last) : new Silent();
  }

  /**
   * Returns the note of a training step: the loss, the tokens per second and their share of the
   * peak.
   */
  static String note(double loss, Speed speed) {
    double share = speed.modelFlopsUtilisation();
    return String.format(Locale.ROOT, "loss %.4f, %,.0f tokens/s", loss, speed.tokensPerSecond())
        + (Double.isNaN(share) ? "" : String.format(Locale.ROOT, ", MFU %.1f%%", 100 * share));
  }

  /** A progress that draws nothing. */
  record Silent() implements Progress {
    @Override
    public void at(long step, String note) {}

    @Override
    public void close() {}
  }
}
