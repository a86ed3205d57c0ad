// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.UntrustedFile;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** The content of a file, whose damage is an InvalidDataException that names the file. */
final class UnpackedFile extends FilterInputStream {
  private final Path file;

  UnpackedFile(Path file, InputStream in) {
    super(in);
    this.file = file;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int start, int count) throws IOException {
    try {
      return super.read(into, start, count);
    } catch (IOException e) {
      throw Compression.blame(file, e);
    } catch (RuntimeException | InternalError e) { // of decoders at some damages
      throw new UntrustedFile(file).refused("is damaged or cut short; copy it again", e);
    }
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
