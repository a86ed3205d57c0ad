// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import io.github.md4.core.InvalidDataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/**
 * The compression of a file, told by its first bytes. The name of the file must not contradict it.
 */
public enum Compression {
  XZ(".xz", "fd377a585a00") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      return new XZInputStream(in);
    }
  },
  GZIP(".gz", "1f8b") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      return new GZIPInputStream(in, BUFFER_BYTES);
    }
  },
  ZSTD(".zst", "28b52ffd") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      return new ZstdInputStream(in);
    }
  },
  ZIP(".zip", "504b0304") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      checkHoldsOneFile(file);
      ZipInputStream zip = new ZipInputStream(in);
      while (zip.getNextEntry().isDirectory()) {}
      return zip;
    }
  };

  private static final int BUFFER_BYTES = 1 << 16;

  private final String suffix;
  private final String magic; // in hexadecimal

  Compression(String suffix, String magic) {
    this.suffix = suffix;
    this.magic = magic;
  }

  abstract InputStream unpack(Path file, InputStream in) throws IOException;

  /** Opens a file's uncompressed content; the caller closes it. */
  public static InputStream open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(
          file, Files.isDirectory(file) ? "is a folder; name the files in it" : "no such file");
    }
    InputStream raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    try {
      return unpackByMagic(file, raw);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private static InputStream unpackByMagic(Path file, InputStream raw) throws IOException {
    for (Compression compression : values()) {
      if (compression.begins(raw)) {
        return compression.unpack(file, raw);
      }
      if (file.toString().endsWith(compression.suffix)) {
        throw new InvalidDataException(
            file,
            "is not a " + compression.suffix + " file, though its name says so; copy it again");
      }
    }
    return raw;
  }

  private boolean begins(InputStream in) throws IOException {
    int count = magic.length() / 2;
    in.mark(count);
    byte[] start = in.readNBytes(count);
    in.reset();
    return HexFormat.of().formatHex(start).equals(magic);
  }

  private static void checkHoldsOneFile(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      long files = zip.stream().filter(entry -> !entry.isDirectory()).count();
      if (files != 1) {
        throw new InvalidDataException(
            file, "must hold one file: " + files + "; unpack it and name the files");
      }
    }
  }

  /**
   * Returns the exception to throw where reading failed, unless the file is damaged.
   *
   * @throws InvalidDataException if it is damaged
   */
  public static IOException blame(Path file, IOException failure) {
    boolean isDamage =
        failure instanceof EOFException
            || failure instanceof ZipException
            || failure instanceof ZstdIOException
            || failure instanceof XZIOException;
    if (isDamage) {
      throw new InvalidDataException(
          file, "is damaged or cut short (" + failure.getMessage() + "); copy it again", failure);
    }
    return failure;
  }

  /** Returns a file's name without folders and without the endings of compression and format. */
  static String baseName(Path file) {
    String name = unpackedName(file);
    for (String suffix : List.of(".txt", ".jsonl", ".ndjson", ".json", ".parquet")) {
      name = withoutSuffix(name, suffix);
    }
    return name;
  }

  /** Returns a file's name without folders and without the ending of its compression. */
  static String unpackedName(Path file) {
    String name = String.valueOf(file.getFileName());
    for (Compression compression : values()) {
      name = withoutSuffix(name, compression.suffix);
    }
    return name;
  }

  private static String withoutSuffix(String name, String suffix) {
    boolean isMore = name.length() > suffix.length();
    return isMore && name.endsWith(suffix)
        ? name.substring(0, name.length() - suffix.length())
        : name;
  }
}
