// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A line that redraws itself: a bar, the steps, the time passed, the time left and a note. */
final class ProgressLine implements Progress {
  private static final int REDRAW_MILLIS = 500;

  private final ProgressBar bar;

  private ProgressLine(ProgressBar bar) {
    this.bar = bar;
  }

  /** Returns a line on stderr. */
  static ProgressLine start(String task, long first, long last) {
    return new ProgressLine(builder(task, first, last).build());
  }

  /** Returns a line that {@code consumer} shows. */
  static ProgressLine start(String task, long first, long last, ProgressBarConsumer consumer) {
    return new ProgressLine(builder(task, first, last).setConsumer(consumer).build());
  }

  private static ProgressBarBuilder builder(String task, long first, long last) {
    return ProgressBar.builder()
        .setTaskName(task)
        .setInitialMax(last)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REDRAW_MILLIS)
        .startsFrom(first, Duration.ZERO);
  }

  @Override
  public void at(long step, String note) {
    ProgressBar unused = bar.setExtraMessage(note).stepTo(step);
  }

  @Override
  public void close() {
    bar.close();
  }
}
