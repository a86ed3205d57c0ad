// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** A pipe whose reader goes away after some bytes, as {@code | head} does. */
public final class Head extends OutputStream {
  private int left;

  private Head(int bytes) {
    this.left = bytes;
  }

  public static PrintWriter of(int bytes) {
    Pipe pipe = new Pipe(new Head(bytes), () -> true);
    return new PrintWriter(pipe, false, StandardCharsets.UTF_8);
  }

  @Override
  public void write(int b) throws IOException {
    left--;
    if (left < 0) {
      throw new IOException("Broken pipe");
    }
  }
}
