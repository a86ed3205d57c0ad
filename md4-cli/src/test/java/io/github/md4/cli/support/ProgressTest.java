// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.ChildJvm;
import io.github.md4.train.TrainingListener.Speed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import me.tongfei.progressbar.ProgressBarConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProgressTest {
  /** A terminal of 100 columns that keeps what it is shown. */
  private record Screen(List<String> shown) implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return 100;
    }

    @Override
    public void accept(String text) {
      shown.add(text);
    }

    @Override
    public void close() {}
  }

  @Test
  void line_showsStepsAndNote() {
    Screen screen = new Screen(Collections.synchronizedList(new ArrayList<>()));
    try (Progress progress = ProgressLine.start("train", 30, 110, screen)) {
      progress.at(70, Progress.note(1.23456, new Speed(98_765.4, Double.NaN)));
    }
    String last = screen.shown().get(screen.shown().size() - 1);
    assertThat(last).contains("train", "63%", "70/110", "loss 1.2346, 98,765 tokens/s");
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
