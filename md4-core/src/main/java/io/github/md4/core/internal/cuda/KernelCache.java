// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Compiled kernels in a folder, each in a file of its own, which processes share.
 *
 * <p>A file is named by the hash of what it was compiled from, and has a checksum. It is written
 * under another name and then renamed, so that a reader sees a whole file or none.
 */
public final class KernelCache {
  private static final byte[] FORMAT = "md4-kernel-1\n".getBytes(StandardCharsets.US_ASCII);
  private static final String HASH = "SHA-256";
  private static final int HASH_BYTES = 32;
  private static final String ENDING = ".cubin";
  private static final String UNFINISHED = ".part";

  /** After this long nobody writes a file any more. */
  private static final Duration LONGEST_WRITE = Duration.ofHours(1);

  /** A file's time of last use is not renewed more often. */
  private static final Duration LEAST_AGE = Duration.ofHours(12);

  private static final int MOST_ENTRIES = 512;
  private static final long MOST_BYTES = 128L << 20;

  private final Path folder;
  private final int mostEntries;
  private final Consumer<String> messages;
  private final AtomicBoolean hasComplained = new AtomicBoolean();

  /**
   * What a kernel is compiled from.
   *
   * @param compiler its name and version
   * @param options the architecture among them
   */
  record Text(String compiler, String source, List<String> options) {
    private byte[] hash() {
      MessageDigest digest = digest();
      List<String> parts = new ArrayList<>(List.of(compiler, source));
      parts.addAll(options);
      for (String part : parts) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
      }
      return digest.digest();
    }
  }

  /** The number of compiled kernels in the folder, and their size. */
  public record Contents(int entries, long bytes) {}

  /**
   * @param messages takes a line where the folder cannot be used, once
   */
  KernelCache(Path folder, Consumer<String> messages) {
    this(folder, MOST_ENTRIES, messages);
  }

  KernelCache(Path folder, int mostEntries, Consumer<String> messages) {
    this.folder = folder;
    this.mostEntries = mostEntries;
    this.messages = messages;
  }

  /** Returns the folder of this machine: {@code md4/kernels} in DJL's cache. */
  public static Path defaultFolder() {
    return Utils.getCacheDir().resolve("md4").resolve("kernels");
  }

  /** Returns what a folder holds; nothing where it is not there. */
  public static Contents contents(Path folder) throws IOException {
    List<Entry> entries = Files.isDirectory(folder) ? entries(folder, ENDING) : List.of();
    return new Contents(entries.size(), size(entries));
  }

  /**
   * Returns the machine code of a text: that of the folder, or, where it has none that is whole,
   * newly compiled, which is then kept. While another process compiles the same, this one waits.
   */
  byte[] code(Text text, Supplier<byte[]> compile) {
    byte[] hash = text.hash();
    Path file = file(hash);
    Optional<byte[]> kept = read(file, hash);
    if (kept.isPresent()) {
      return kept.get();
    }
    KernelTurn turn = KernelTurn.await(turn(hash));
    try {
      Optional<byte[]> ofAnother = read(file, hash);
      if (ofAnother.isPresent()) {
        return ofAnother.get();
      }
      byte[] code = compile.get();
      keep(file, hash, code);
      return code;
    } finally {
      turn.close();
    }
  }

  private Path turn(byte[] hash) {
    return folder.resolve(HexFormat.of().formatHex(hash) + UNFINISHED);
  }

  /** Returns whether the folder has a file for a text. */
  boolean holds(Text text) {
    return Files.isRegularFile(file(text.hash()));
  }

  private Path file(byte[] hash) {
    return folder.resolve(HexFormat.of().formatHex(hash) + ENDING);
  }

  /** Returns the code in a file; empty where there is none, or not as it was written. */
  private static Optional<byte[]> read(Path file, byte[] hash) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
      int start = FORMAT.length + HASH_BYTES;
      if (bytes.limit() <= start) {
        return Optional.empty();
      }
      byte[] code = new byte[bytes.limit() - start];
      bytes.get(start, code);
      if (!bytes.slice(0, start).equals(ByteBuffer.wrap(head(hash, code)))) {
        return Optional.empty();
      }
      renew(file);
      return Optional.of(code);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void keep(Path file, byte[] hash, byte[] code) {
    try {
      Files.createDirectories(folder);
      // With the rights of any new file: in a folder that users share, others may read it.
      Path unfinished = folder.resolve(UUID.randomUUID() + UNFINISHED);
      try {
        byte[] head = head(hash, code);
        ByteBuffer whole = ByteBuffer.allocate(head.length + code.length).put(head).put(code);
        Files.write(unfinished, whole.array(), StandardOpenOption.CREATE_NEW);
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(unfinished);
      }
      removeOld();
    } catch (IOException | SecurityException | UnsupportedOperationException e) {
      if (!hasComplained.getAndSet(true)) {
        messages.accept("compiled kernels cannot be kept in " + folder + " (" + e + ")");
      }
    }
  }

  /** Returns what stands in front of the code: the format, and a checksum of text and code. */
  private static byte[] head(byte[] hash, byte[] code) {
    MessageDigest digest = digest();
    digest.update(hash);
    digest.update(code);
    return ByteBuffer.allocate(FORMAT.length + HASH_BYTES).put(FORMAT).put(digest.digest()).array();
  }

  /** Marks a file as used now. */
  private static void renew(Path file) throws IOException {
    Instant now = Instant.now();
    if (Files.getLastModifiedTime(file).toInstant().isBefore(now.minus(LEAST_AGE))
        && Files.isWritable(file)) {
      Files.setLastModifiedTime(file, FileTime.from(now));
    }
  }

  /** Removes what was used longest ago, and what other processes left unfinished. */
  private void removeOld() throws IOException {
    Instant abandoned = Instant.now().minus(LONGEST_WRITE);
    for (Entry entry : entries(folder, UNFINISHED)) {
      if (entry.used.isBefore(abandoned)) {
        Files.deleteIfExists(entry.file);
      }
    }
    List<Entry> entries = entries(folder, ENDING);
    long bytes = size(entries);
    int left = entries.size();
    for (Entry entry : entries) {
      if (left <= mostEntries && bytes <= MOST_BYTES) {
        return;
      }
      Files.deleteIfExists(entry.file);
      bytes -= entry.bytes;
      left--;
    }
  }

  private record Entry(Path file, long bytes, Instant used) {}

  private static long size(List<Entry> entries) {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  /** Returns the files whose names end so, the one used longest ago first. */
  private static List<Entry> entries(Path folder, String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .flatMap(file -> entry(file).stream())
          .sorted(Comparator.comparing(Entry::used))
          .toList();
    }
  }

  /** Returns a file as it is; empty if another process has removed it. */
  private static Optional<Entry> entry(Path file) {
    try {
      Instant used = Files.getLastModifiedTime(file).toInstant();
      return Optional.of(new Entry(file, Files.size(file), used));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance(HASH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java has " + HASH, e);
    }
  }
}
