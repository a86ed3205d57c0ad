// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/**
 * The compression of a file, told by its first bytes; docs/data.md has the formats. The name of the
 * file must not contradict it.
 */
public enum Compression {
  /** XZ, whose dictionary takes at most a GiB. */
  XZ(".xz", "fd377a585a00") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      return new XZInputStream(in, MOST_XZ_KIB);
    }
  },
  /** Gzip, of any number of members. */
  GZIP(".gz", "1f8b") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      return new GzipMembers(in);
    }
  },
  /** Zstandard, of any number of frames, with windows of at most 2 GiB. */
  ZSTD(".zst", "28b52ffd") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      InputStream ended = new SequenceInputStream(in, new ByteArrayInputStream(skippableFrame()));
      return new ZstdInputStream(ended).setLongMax(LONGEST_ZSTD_WINDOW);
    }

    /**
     * Returns a frame of nothing, longer than a block of any other. The library takes the end of a
     * file for the end of a frame of which it has read no whole block; with this behind it, it does
     * not.
     */
    private static byte[] skippableFrame() {
      ByteBuffer frame = ByteBuffer.allocate(2 * Integer.BYTES + LARGEST_ZSTD_BLOCK);
      frame.put(HexFormat.of().parseHex(SKIPPABLE_MAGIC));
      return frame.order(ByteOrder.LITTLE_ENDIAN).putInt(LARGEST_ZSTD_BLOCK).array();
    }

    @Override
    boolean begins(InputStream in) throws IOException {
      return super.begins(in) || isSkippable(start(in, SKIPPABLE_MAGIC.length() / 2));
    }

    /** A zstd stream may begin with frames that carry something else; there are 16 kinds. */
    private static boolean isSkippable(String start) {
      return start.startsWith("5") && start.endsWith(SKIPPABLE_MAGIC.substring(2));
    }
  },
  /** A zip file with one entry. */
  ZIP(".zip", "504b0304") {
    @Override
    InputStream unpack(Path file, InputStream in) throws IOException {
      checkHoldsOneFile(file);
      ZipInputStream zip = new ZipInputStream(in);
      ZipEntry entry = zip.getNextEntry();
      while (entry != null && entry.isDirectory()) {
        entry = zip.getNextEntry();
      }
      return zip;
    }
  };

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int MOST_XZ_KIB = 1 << 20; // a GiB, above what xz -9 needs
  private static final int LONGEST_ZSTD_WINDOW = 31; // of zstd --ultra --long
  private static final int LARGEST_ZSTD_BLOCK = 1 << 18; // twice as long as any
  private static final String SKIPPABLE_MAGIC = "502a4d18";

  private final String suffix;
  private final String magic; // in hexadecimal

  Compression(String suffix, String magic) {
    this.suffix = suffix;
    this.magic = magic;
  }

  abstract InputStream unpack(Path file, InputStream in) throws IOException;

  /**
   * Opens a file's uncompressed content. Damage is an {@link InvalidDataException}, at once or when
   * it is read.
   *
   * @param file a plain file, or one compressed by gzip, xz, zstd or zip, told apart by its first
   *     bytes
   * @return the content, closed by the caller
   * @throws InvalidDataException if the file is missing, a folder, damaged, not what its name says,
   *     or a zip of none or several files
   * @throws IOException if it cannot be read
   */
  public static InputStream open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new InvalidDataException(file, "is a folder; name the files in it");
    }
    new UntrustedFile(file).checkExists("");
    InputStream raw = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    try {
      return new UnpackedFile(file, unpackByMagic(file, raw));
    } catch (IOException e) {
      raw.close();
      throw blame(file, e);
    } catch (InvalidDataException e) {
      raw.close();
      throw e;
    } catch (RuntimeException e) {
      raw.close();
      throw new UntrustedFile(file).refused("is damaged or cut short; copy it again", e);
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

  boolean begins(InputStream in) throws IOException {
    return start(in, magic.length() / 2).equals(magic);
  }

  /** Returns the first bytes in hexadecimal and stays before them. */
  private static String start(InputStream in, int count) throws IOException {
    in.mark(count);
    byte[] start = in.readNBytes(count);
    in.reset();
    return HexFormat.of().formatHex(start);
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
   * {@return {@code failure}, to be thrown where reading failed, unless the file is damaged}
   *
   * @param file the file that was read, which the message names
   * @param failure what the reading threw
   * @throws InvalidDataException if {@code failure} is of the kind that damage causes
   */
  public static IOException blame(Path file, IOException failure) {
    boolean isDamage =
        failure instanceof EOFException
            || failure instanceof ZipException
            || failure instanceof ZstdIOException
            || failure instanceof XZIOException;
    if (isDamage) {
      throw new UntrustedFile(file).damaged(failure);
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
  public static String unpackedName(Path file) {
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
