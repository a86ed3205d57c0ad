// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A line that redraws itself: a bar, the steps, the time left and a note. */
final class ProgressLine implements Progress {
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int LONGEST = 40;
  private static final int SHORTEST = 6;

  private final Screen screen;
  private final String task;
  private final long last;
  private final Pace pace;
  private final Consumer<Screen> end;
  private long step;
  private String note = "";
  private long drawn;

  /**
   * Begins a line of a screen with a terminal.
   *
   * @param end what becomes of the line at its end
   */
  ProgressLine(Screen screen, String task, long first, long last, Consumer<Screen> end) {
    this.end = end;
    this.screen = screen;
    this.task = task;
    this.last = last;
    this.step = first;
    this.pace = new Pace(first, last);
    draw();
  }

  @Override
  public void at(long now, String text) {
    boolean isOther = !note.equals(text);
    step = now;
    note = text;
    if (isOther || now == last || System.nanoTime() - drawn > REDRAW_NANOS) {
      draw();
    }
  }

  /** Does nothing: the line shows it. */
  @Override
  public void log(String line) {}

  private void draw() {
    drawn = System.nanoTime();
    screen.draw(line(screen.barColumns(), pace.left(step)));
  }

  /** Returns the line in at most so many columns: the bar shrinks first, then the end is cut. */
  String line(int columns, String left) {
    boolean isKnown = last >= 0;
    String head = isKnown ? String.format(Locale.ROOT, "%s %3d%% ", task, percent()) : task + " ";
    String steps =
        isKnown
            ? String.format(Locale.ROOT, "%,d/%,d", step, last)
            : String.format(Locale.ROOT, "%,d", step);
    String tail =
        Stream.of(steps, left, note)
            .filter(part -> !part.isEmpty())
            .collect(Collectors.joining(", "));
    int room = Math.min(LONGEST, columns - head.length() - tail.length() - 3);
    String bar = isKnown && room >= SHORTEST ? bar(room) + " " : "";
    String line = head + bar + Visible.of(tail);
    return line.length() <= columns ? line : line.substring(0, Math.max(0, columns));
  }

  private int percent() {
    return last == 0 ? 100 : (int) (100 * step / last);
  }

  private String bar(int width) {
    int full = last == 0 ? width : (int) (width * step / last);
    String tip = full < width ? ">" : "";
    return "[" + "=".repeat(full) + tip + " ".repeat(width - full - tip.length()) + "]";
  }

  @Override
  public void close() {
    draw();
    end.accept(screen);
  }
}
