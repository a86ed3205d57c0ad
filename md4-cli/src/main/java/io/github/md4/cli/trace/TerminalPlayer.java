// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import io.github.md4.cli.screen.Columns;
import io.github.md4.cli.screen.Visible;
import io.github.md4.sample.trace.Trace.Cell;
import io.github.md4.sample.trace.Trace.Frame;
import io.github.md4.sample.trace.Trace.History;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A player of a sequence's history in a terminal. The latest changes are brightest. */
public final class TerminalPlayer {
  private static final String UP = "\u001b[%dA\r\u001b[J";
  private static final String HIDE_CURSOR = "\u001b[?25l";
  private static final String SHOW_CURSOR = "\u001b[?25h";

  private final PrintWriter out;
  private final Ink ink;
  private final History history;
  private final String separator;
  private final List<Frame> frames;

  /**
   * A player that writes to {@code out} in the style of {@code ink}.
   *
   * @param separator what stands between the texts of two tokens
   */
  public TerminalPlayer(PrintWriter out, Ink ink, History history, String separator) {
    this.out = out;
    this.ink = ink;
    this.history = history;
    this.separator = separator;
    this.frames = history.frames();
  }

  /**
   * Draws frame by frame, each in the place of the one before. What stands above stays.
   *
   * @param millis the time between two frames, in milliseconds
   * @param columns the width of the terminal
   */
  public void play(long millis, int columns) throws InterruptedException {
    Thread showCursor = new Thread(this::showCursor);
    Runtime.getRuntime().addShutdownHook(showCursor); // for a signal in between
    out.print(HIDE_CURSOR);
    try {
      for (int frame = 0; frame <= frames.size(); frame++) {
        out.print(frame == 0 ? "" : UP.formatted(rows(frame - 1, columns)));
        out.print(text(frame));
        out.flush();
        Thread.sleep(millis);
      }
    } finally {
      showCursor();
      Runtime.getRuntime().removeShutdownHook(showCursor);
    }
  }

  private int rows(int frame, int columns) {
    String cells =
        cells(frame).stream()
            .map(cell -> Visible.of(cell.text()))
            .collect(Collectors.joining(separator));
    return Columns.rows(title(frame), columns) + Columns.rows(cells, columns);
  }

  private void showCursor() {
    out.print(SHOW_CURSOR);
    out.flush();
  }

  /** Prints {@code count} frames one below another, the start and the end among them. */
  public void stills(int count) {
    int last = frames.size();
    int wanted = Math.min(count, last + 1);
    for (int i = 0; i < wanted; i++) {
      out.print(text(wanted == 1 ? last : (int) Math.round((double) last * i / (wanted - 1))));
    }
    out.flush();
  }

  /** Returns a frame, 0 being the start, with a line about it. */
  private String text(int frame) {
    StringBuilder text = new StringBuilder(title(frame)).append(System.lineSeparator());
    List<Cell> cells = cells(frame);
    String between = "";
    for (Cell cell : cells) {
      text.append(between).append(ink.paint(Visible.of(cell.text()), cell, frame, frames.size()));
      between = separator;
    }
    return text.append(System.lineSeparator()).toString();
  }

  private List<Cell> cells(int frame) {
    return frame == 0
        ? history.initial().stream().map(text -> new Cell(text, 0)).toList()
        : frames.get(frame - 1).cells();
  }

  private String title(int frame) {
    long masked = cells(frame).stream().filter(Cell::isMask).count();
    String when =
        frame == 0
            ? "start"
            : String.format(
                Locale.ROOT,
                "step %d, time %.4f",
                frames.get(frame - 1).step(),
                frames.get(frame - 1).time());
    return "--- sample %d, call %d of %d, %s, %d masked"
        .formatted(history.sample(), frame, frames.size(), when, masked);
  }
}
