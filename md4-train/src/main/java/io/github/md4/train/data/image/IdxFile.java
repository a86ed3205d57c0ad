// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.internal.corpus.Compression;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * An open file in MNIST's format, IDX: an array of big-endian integers with a header.
 *
 * @param sizes the sizes of the dimensions
 * @param bytes the length of an element; only bytes are unsigned
 */
record IdxFile(Path path, int[] sizes, int bytes, DataInputStream in) implements AutoCloseable {
  private static final int UNSIGNED_BYTES = 0x08;
  private static final long MOST_VALUES = 1 << 26;

  /** The types of integers in the format and their lengths. */
  private static final Map<Integer, Integer> BYTES =
      Map.of(UNSIGNED_BYTES, 1, 0x09, 1, 0x0B, 2, 0x0C, 4);

  /**
   * Opens a file.
   *
   * @param dimensions the number of dimensions that it must have
   */
  static IdxFile open(Path path, int dimensions) throws IOException {
    DataInputStream in = new DataInputStream(Compression.open(path));
    try {
      int magic = in.readInt();
      int type = magic >> 8;
      boolean isTaken = type == UNSIGNED_BYTES || (dimensions == 1 && BYTES.containsKey(type));
      if (!isTaken || (magic & 0xFF) != dimensions) {
        throw new InvalidDataException(
            path,
            "is not an IDX file of bytes in %s: it begins with 0x%08X"
                .formatted(Counted.of(dimensions, "dimension"), magic));
      }
      int[] sizes = new int[dimensions];
      for (int i = 0; i < dimensions; i++) {
        sizes[i] = in.readInt();
        if (sizes[i] < 1) {
          throw new InvalidDataException(path, "a dimension must be at least 1: " + sizes[i]);
        }
      }
      long image = 1;
      for (int i = 1; i < dimensions; i++) {
        image = Math.min(image * sizes[i], MOST_VALUES + 1);
      }
      if (image > MOST_VALUES) {
        throw new InvalidDataException(
            path, "has images too large to be true: " + Arrays.toString(sizes));
      }
      return new IdxFile(path, sizes, BYTES.get(type), in);
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
          && BYTES.containsKey((int) start[2])
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
