// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;
import org.jline.utils.Signals;

/**
 * The standard streams of the process, and the bar that may be drawn on the last line of their
 * terminal. Whatever is printed stands above the bar: the bar is cleared, the text written and the
 * bar drawn again. {@link #take} puts the streams in the place of {@code System.out} and {@code
 * System.err}, so that this holds for loggers too.
 */
public final class Screen {
  private static final byte[] CLEAR = "\r\u001b[K".getBytes(StandardCharsets.US_ASCII);

  private static final int MARGIN = 3;

  private final ScreenStream out;
  private final ScreenStream err;
  private final IntSupplier columns;
  private byte[] bar = {};
  private boolean isDrawn;
  private boolean isLineBegun;
  private boolean isEnded;
  private int known;

  /**
   * A stream of the process.
   *
   * @param isTerminal whether it leads to a terminal that obeys control sequences
   */
  record Target(OutputStream file, boolean isTerminal) {}

  /**
   * @param columns asks the terminal for its width
   */
  Screen(Target out, Target err, IntSupplier columns) {
    this.out = new ScreenStream(this, out);
    this.err = new ScreenStream(this, err);
    this.columns = columns;
  }

  /** Takes the place of {@code System.out} and {@code System.err}. */
  public static Screen take() {
    Screen screen =
        new Screen(
            new Target(
                new Pipe(new FileOutputStream(FileDescriptor.out), Terminal::isStdoutAPipe),
                Terminal.isStdout()),
            new Target(new FileOutputStream(FileDescriptor.err), Terminal.isStderr()),
            Terminal::columns);
    System.setOut(screen.out);
    System.setErr(screen.err);
    Object unused = Signals.register("WINCH", screen::resized);
    return screen;
  }

  /** Returns a writer of stdout in UTF-8 that flushes each line. */
  public PrintWriter out() {
    return writer(out.raw());
  }

  /** Returns a writer of stderr in UTF-8 that flushes each line. */
  public PrintWriter err() {
    return writer(err.raw());
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  /** Returns the stream in place of {@code System.out}. */
  PrintStream outStream() {
    return out;
  }

  /** Returns the stream in place of {@code System.err}. */
  PrintStream errStream() {
    return err;
  }

  /** Returns whether a bar can be drawn. */
  boolean hasTerminal() {
    return err.isTerminal();
  }

  private synchronized void resized() {
    known = 0;
  }

  /**
   * Returns the columns that a bar may have: the last ones stay empty, for {@code ^C} and the
   * cursor.
   */
  synchronized int barColumns() {
    if (known == 0) {
      known = columns.getAsInt();
    }
    return known - MARGIN;
  }

  /** Draws a bar in the place of the one before. */
  synchronized void draw(String text) {
    if (isEnded) {
      return;
    }
    bar = text.getBytes(StandardCharsets.UTF_8);
    if (!isLineBegun) {
      clear();
      paint();
    }
  }

  /** Leaves the bar as it is and goes to the next line. */
  synchronized void finish() {
    if (bar.length > 0) {
      clear();
      paint();
      err.store("\n".getBytes(StandardCharsets.US_ASCII));
      bar = new byte[0];
      isDrawn = false;
    }
  }

  /**
   * Ends the line on which the cursor of the process's terminal stands, before the process ends.
   */
  public static void endLine() {
    if (System.err instanceof ScreenStream stream && stream.isTerminal()) {
      stream.screen().end();
    }
  }

  /** Leaves the bar as it is, goes to the next line, and draws none from here on. */
  synchronized void end() {
    if (bar.length == 0) {
      err.store("\n".getBytes(StandardCharsets.US_ASCII));
    }
    finish();
    isEnded = true;
  }

  /** Takes the bar away. */
  synchronized void erase() {
    clear();
    bar = new byte[0];
  }

  /**
   * Writes what is printed to one of the streams. The reader of a pipe may print it in the same
   * terminal, so there the bar is cleared too, until it is next drawn.
   */
  synchronized void write(Target to, byte[] bytes, int offset, int length) throws IOException {
    clear();
    to.file.write(bytes, offset, length);
    if (to.isTerminal && length > 0) {
      isLineBegun = bytes[offset + length - 1] != '\n';
      if (!isLineBegun && bar.length > 0) {
        paint();
      }
    }
  }

  private void clear() {
    if (isDrawn) {
      err.store(CLEAR);
      isDrawn = false;
    }
  }

  private void paint() {
    err.store(bar);
    isDrawn = true;
  }
}
