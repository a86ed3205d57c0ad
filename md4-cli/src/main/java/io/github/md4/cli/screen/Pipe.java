// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.screen;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.BooleanSupplier;

/** A stream whose reader may go away. What is written after that is dropped. */
final class Pipe extends OutputStream {
  private final OutputStream file;
  private final BooleanSupplier isPipe;
  private boolean isClosed;

  /**
   * @param isPipe whether the stream leads to another process; asked when it cannot be written
   */
  Pipe(OutputStream file, BooleanSupplier isPipe) {
    this.file = file;
    this.isPipe = isPipe;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  /**
   * Writes bytes.
   *
   * @throws ClosedOutputException once, where the reader is gone
   */
  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (isClosed) {
      return;
    }
    try {
      file.write(bytes, offset, length);
    } catch (IOException e) {
      if (!isPipe.getAsBoolean()) {
        throw e;
      }
      isClosed = true;
      throw new ClosedOutputException(e);
    }
  }
}
