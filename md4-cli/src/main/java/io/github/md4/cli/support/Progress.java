// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import io.github.md4.train.TrainingListener.Speed;
import java.util.Locale;

/** How far a long command is, on stderr if that is a terminal; else nothing is drawn. */
public sealed interface Progress extends AutoCloseable permits Progress.Silent, ProgressLine {

  /** Of how many steps, where that is not known. */
  long UNKNOWN = -1;

  /** Shows that {@code step} steps are done, with what there is to say of the last. */
  void at(long step, String note);

  @Override
  void close();

  /**
   * Returns the progress of {@code task}.
   *
   * @param first the steps done before, by a run that resumes
   * @param last the steps in all; {@value #UNKNOWN} where that is not known
   */
  static Progress start(String task, long first, long last) {
    return Terminal.isStderr() ? ProgressLine.start(task, first, last) : new Silent();
  }

  /** Returns the note of a training step: loss, tokens a second, and their share of the peak. */
  static String note(double loss, Speed speed) {
    double share = speed.modelFlopsUtilisation();
    return String.format(Locale.ROOT, "loss %.4f, %,.0f tokens/s", loss, speed.tokensPerSecond())
        + (Double.isNaN(share) ? "" : String.format(Locale.ROOT, ", MFU %.1f%%", 100 * share));
  }

  /** No terminal. */
  record Silent() implements Progress {
    @Override
    public void at(long step, String note) {}

    @Override
    public void close() {}
  }
}
