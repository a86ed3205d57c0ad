// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** One of the streams of a {@link Screen}, for those who print to {@code System.out} or err. */
final class ScreenStream extends PrintStream {
  private final Screen screen;
  private final Screen.Target target;

  ScreenStream(Screen screen, Screen.Target target) {
    super(target.file(), true, StandardCharsets.UTF_8);
    this.screen = screen;
    this.target = target;
  }

  Screen screen() {
    return screen;
  }

  boolean isTerminal() {
    return target.isTerminal();
  }

  /** Returns the stream for a writer that wants to know of failures. */
  OutputStream raw() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        screen.write(target, bytes, offset, length);
      }
    };
  }

  /** Writes control sequences and bars; one that cannot be drawn is left out. */
  void store(byte[] bytes) {
    try {
      target.file().write(bytes);
    } catch (IOException e) {
      setError();
    }
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    try {
      screen.write(target, bytes, offset, length);
    } catch (IOException e) {
      setError();
    }
  }
}
