// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.cli.ChildJvm;
import io.github.md4.train.TrainingListener.Speed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProgressTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private int columns = 100;
  private final Screen screen =
      new Screen(new Screen.Target(shown, true), new Screen.Target(shown, true), () -> columns);

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  /** Returns the lines that a terminal has in the end, as it obeys the control sequences. */
  private List<String> lines() {
    List<String> lines = new ArrayList<>(List.of(""));
    String text = shown().replace("\r\u001b[K", "\u0000");
    text.chars()
        .forEach(
            c -> {
              int last = lines.size() - 1;
              switch (c) {
                case 0 -> lines.set(last, "");
                case '\n' -> lines.add("");
                default -> lines.set(last, lines.get(last) + (char) c);
              }
            });
    assertThat(lines).noneMatch(line -> line.contains("\r") || line.contains("\u001b"));
    return lines;
  }

  @Test
  void line_showsStepsAndNote() {
    try (Progress progress = new ProgressLine(screen, "train", 30, 110, Screen::finish)) {
      progress.at(70, Progress.note(1.23456, new Speed(98_765.4, Double.NaN)));
    }
    assertThat(lines()).hasSize(2).last().isEqualTo("");
    assertThat(lines().get(0))
        .startsWith("train  63% [====")
        .contains("] 70/110, ", " left, loss 1.2346, 98,765 tokens/s");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 40, 80, 100, 160, 300})
  void line_isNeverWiderThanTheTerminal(int width) {
    columns = width;
    ProgressLine line = new ProgressLine(screen, "training", 0, 1_000_000, Screen::finish);
    line.at(123_456, "loss 1.2346, 98,765 tokens/s, MFU 43.2%");
    assertThat(line.line(screen.barColumns(), "12 min left")).hasSizeLessThan(width);
    assertThat(line.line(200, "12 min left"))
        .isEqualTo(
            "training  12% ["
                + "=".repeat(4)
                + ">"
                + " ".repeat(35)
                + "] 123,456/1,000,000, 12 min left, loss 1.2346, 98,765 tokens/s, MFU 43.2%");
  }

  @Test
  void line_ofAnUnknownEndCounts() {
    ProgressLine line = new ProgressLine(screen, "documents", 0, Progress.UNKNOWN, Screen::finish);
    line.at(1234, "");
    assertThat(line.line(80, "")).isEqualTo("documents 1,234");
    assertThat(new ProgressLine(screen, "none", 0, 0, Screen::finish).line(80, ""))
        .startsWith("none 100% [===");
  }

  /** The results are what is to be read. */
  @Test
  void end_canLeaveNothing() {
    try (Progress progress = new ProgressLine(screen, "sample", 0, 10, Screen::erase)) {
      progress.at(10, "calls");
      screen.out().println("a sample");
    }
    screen.out().println("after");
    assertThat(lines()).containsExactly("a sample", "after", "");
  }

  /** As of {@code md4 sample | head}: head prints in the terminal that has the bar. */
  @Test
  void print_intoAPipeClearsTheBar() {
    Screen.Target pipe = new Screen.Target(shown, false);
    Screen piped = new Screen(pipe, new Screen.Target(shown, true), () -> columns);
    try (Progress progress = new ProgressLine(piped, "sample", 0, 2, Screen::erase)) {
      progress.at(2, "two");
      piped.out().println("a text");
    }
    assertThat(lines()).containsExactly("a text", "");
  }

  /** Each printed line stays, whichever stream it is printed to, and the bar is the last. */
  @Test
  void print_standsAboveTheBar() {
    PrintWriter out = screen.out();
    PrintWriter err = screen.err();
    try (Progress progress = new ProgressLine(screen, "train", 0, 10, Screen::finish)) {
      out.println("a score");
      progress.at(1, "one");
      err.println("md4: a warning");
      progress.at(2, "two");
      screen.errStream().println("a logger");
      out.print("half ");
      out.flush();
      progress.at(3, "three");
      out.println("a line");
      screen.outStream().print("a print\n");
    }
    out.println("after");
    assertThat(lines()).hasSize(8).last().isEqualTo("");
    assertThat(lines().subList(0, 5))
        .containsExactly("a score", "md4: a warning", "a logger", "half a line", "a print");
    assertThat(lines().get(5)).startsWith("train  30% ").contains("3/10").endsWith("three");
    assertThat(lines().get(6)).isEqualTo("after");
  }

  @Test
  void pipe_whoseReaderIsGoneSaysSoOnce() throws IOException {
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    Pipe pipe = new Pipe(broken, () -> true);
    assertThatThrownBy(() -> pipe.write('a')).isInstanceOf(ClosedOutputException.class);
    pipe.write('b');
    Pipe file = new Pipe(broken, () -> false);
    assertThatThrownBy(() -> file.write('a')).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "25 81, 25, 81",
    "50 160, 50, 160",
    "0 0, 24, 80",
    "0 90, 24, 90",
    "'', 24, 80",
    "stty: error, 24, 80"
  })
  void size_isThatOfStty(String size, int rows, int columns) {
    assertThat(Terminal.Size.of(size)).isEqualTo(new Terminal.Size(rows, columns));
  }

  @ParameterizedTest
  @CsvSource({
    "0.4, 0 s",
    "99, 99 s",
    "101, 2 min",
    "5999, 100 min",
    "6001, 1.7 h",
    "400000, 4.6 days"
  })
  void duration_isInTheUnitThatFits(double seconds, String expected) {
    assertThat(Pace.duration(seconds)).isEqualTo(expected);
  }

  @Test
  void pace_isThatOfTheStepsSinceTheFirst() {
    long[] now = {0};
    Pace pace = new Pace(100, 1000, () -> now[0]);
    assertThat(pace.left(100)).isEmpty();
    now[0] = 5_000_000_000L;
    assertThat(pace.perSecond(110)).isEqualTo(2);
    assertThat(pace.left(110)).isEqualTo("7 min left"); // 890 steps
    assertThat(pace.left(1000)).isEqualTo("0 s left");
    assertThat(new Pace(0, Progress.UNKNOWN, () -> now[0]).left(3)).isEmpty();
  }

  @Test
  void note_hasTheShareOfThePeakWhereItIsKnown() {
    assertThat(Progress.note(2, new Speed(1e6, Double.NaN)))
        .isEqualTo("loss 2.0000, 1,000,000 tokens/s");
    assertThat(Progress.note(2, new Speed(1e6, 0.4321)))
        .isEqualTo("loss 2.0000, 1,000,000 tokens/s, MFU 43.2%");
  }

  @Test
  void start_isSilentWithoutATerminal() throws Exception {
    // Surefire's stderr is a pipe; a child's always is.
    try (ChildJvm child = ChildJvm.start(Drawing.class, Map.of())) {
      assertThat(child.line()).isEqualTo("drawn");
      assertThat(child.err()).isEmpty();
      assertThat(child.exitCode()).isZero();
    }
  }

  /** Draws progress. */
  static final class Drawing {
    public static void main(String[] args) throws InterruptedException {
      try (Progress progress = Progress.start("train", 0, 10)) {
        progress.at(5, "half");
        Thread.sleep(args.length == 0 ? 0 : Long.parseLong(args[0]));
      }
      System.out.println("drawn");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/dev/pts/3, true",
    "/dev/tty1, true",
    "/dev/null, false",
    "pipe:[12345], false",
    "/tmp/log, false"
  })
  void isTerminal_knowsTerminalDevices(Path device, boolean expected) {
    assertThat(Terminal.isTerminal(device)).isEqualTo(expected);
  }
}
