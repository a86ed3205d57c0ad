// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.train.data.Compression;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * An open file in MNIST's format, IDX: an array of unsigned bytes with a big-endian header.
 *
 * @param sizes the sizes of the dimensions
 */
record IdxFile(Path path, int[] sizes, DataInputStream in) implements AutoCloseable {
  private static final int UNSIGNED_BYTES = 0x08;

  /**
   * Opens a file.
   *
   * @param dimensions the number of dimensions that it must have
   */
  static IdxFile open(Path path, int dimensions) throws IOException {
    DataInputStream in = new DataInputStream(Compression.open(path));
    try {
      int magic = in.readInt();
      if (magic != (UNSIGNED_BYTES << 8 | dimensions)) {
        throw new InvalidDataException(
            path,
            "is not an IDX file of bytes in %d dimensions: it begins with 0x%08X"
                .formatted(dimensions, magic));
      }
      int[] sizes = new int[dimensions];
      for (int i = 0; i < dimensions; i++) {
        sizes[i] = in.readInt();
        if (sizes[i] < 1) {
          throw new InvalidDataException(path, "a dimension must be at least 1: " + sizes[i]);
        }
      }
      return new IdxFile(path, sizes, in);
    } catch (EOFException e) {
      in.close();
      throw new InvalidDataException(path, "is cut short in its header; copy it again", e);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** Returns whether a file is in this format, by its first bytes. */
  static boolean isIn(Path path, int dimensions) throws IOException {
    try (InputStream in = Compression.open(path)) {
      byte[] start = in.readNBytes(4);
      return start.length == 4
          && start[0] == 0
          && start[1] == 0
          && start[2] == UNSIGNED_BYTES
          && start[3] == dimensions;
    }
  }

  /** Returns the next bytes. */
  byte[] read(int count, String what) throws IOException {
    byte[] bytes;
    try {
      bytes = in.readNBytes(count);
    } catch (IOException e) {
      throw Compression.blame(path, e);
    }
    if (bytes.length < count) {
      throw new InvalidDataException(path, "is cut short in " + what + "; copy it again");
    }
    return bytes;
  }

  /** Checks that all bytes were read. */
  void checkEnd() throws IOException {
    if (in.read() >= 0) {
      throw new InvalidDataException(path, "is longer than its header says; copy it again");
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
