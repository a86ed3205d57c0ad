// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.WriteFailure;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * A writer of a token file and its JSON, in the smallest type that holds the vocabulary.
 *
 * <p>Both grow under temporary names, are synced in {@link #seal}, and get their names in {@link
 * #publish}: the JSON first, the tokens last, since tokens without their JSON would be taken for
 * nanoGPT's. Closed before that, the writer leaves nothing. For one thread.
 */
public final class TokenFileWriter implements Closeable {
  private static final int BUFFER_BYTES = 1 << 18;

  private final Path bin;
  private final Path json;
  private final Path partialBin;
  private final Path partialJson;
  private final DataSplit content;
  private final TokenType type;
  private final FileChannel channel;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final MessageDigest digest = Sha256.start();
  private long count;
  private boolean isPublished;

  private TokenFileWriter(Path bin, DataSplit content) throws IOException {
    this.bin = bin;
    this.content = content;
    json = TokenFileInfo.beside(bin);
    partialBin = partial(bin);
    partialJson = partial(json);
    type = TokenType.smallestFor(content.tokenizer().vocabularySize());
    channel = locked(bin, open(partialBin));
  }

  /**
   * Starts a file of tokens in a folder that exists; {@link #publish} replaces one that is there.
   *
   * @param bin the name to be, ending in {@code .bin}
   * @param content what the tokens are: data set, split, tokenizer, origin
   * @return the writer, closed by the caller
   * @throws InvalidDataException if another writer is at work on the file, or its name does not end
   *     in {@code .bin}
   * @throws IOException if a file cannot be written
   */
  public static TokenFileWriter create(Path bin, DataSplit content) throws IOException {
    return new TokenFileWriter(bin, content);
  }

  private static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + ".partial");
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Empties a file that nobody else writes; the lock lasts until it is closed. */
  private static FileChannel locked(Path bin, FileChannel channel) throws IOException {
    try {
      if (!isFree(channel)) {
        throw new InvalidDataException(
            bin, "is being written by another process; wait for its end, or name another folder");
      }
      return channel.truncate(0);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean isFree(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // a writer of this process
    } catch (IOException e) {
      return true; // a file system without locks
    }
  }

  /**
   * Appends ids.
   *
   * @param ids token ids in [0, V), written in their order
   * @throws IllegalArgumentException if one is not in the vocabulary
   * @throws IOException if a file cannot be written
   */
  public void write(int[] ids) throws IOException {
    int vocabularySize = content.tokenizer().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize) {
        throw new IllegalArgumentException(
            "a token must be in [0, %d): %d at %d".formatted(vocabularySize, id, count));
      }
      if (buffer.remaining() < type.bytes()) {
        flush();
      }
      type.put(id, buffer);
      count++;
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    digest.update(buffer.duplicate());
    writeFully(channel, buffer);
    buffer.clear();
  }

  private void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw WriteFailure.named(bin, e);
    }
  }

  /**
   * Syncs tokens and JSON under their temporary names and returns what the JSON says. Call once,
   * after the last token; a disk that is full is full here.
   *
   * @return the description of the finished file
   * @throws IOException if a file cannot be written
   */
  public TokenFileInfo seal() throws IOException {
    flush();
    channel.force(true);
    TokenFileInfo info = new TokenFileInfo(content, type, count, Sha256.finish(digest));
    writeJson(info);
    return info;
  }

  /**
   * Names what was sealed. Call once, after {@link #seal}.
   *
   * @throws IOException if a file cannot be renamed
   */
  public void publish() throws IOException {
    Files.deleteIfExists(bin); // never old tokens beside a new JSON
    move(partialJson, json);
    move(partialBin, bin);
    isPublished = true;
  }

  private void writeJson(TokenFileInfo info) throws IOException {
    byte[] text = JsonFields.pretty(info.toJson()).getBytes(StandardCharsets.UTF_8);
    try (FileChannel out = open(partialJson).truncate(0)) {
      writeFully(out, ByteBuffer.wrap(text));
      out.force(true);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Ends writing; what was not published is deleted.
   *
   * @throws IOException if a temporary cannot be deleted
   */
  @Override
  public void close() throws IOException {
    if (channel.isOpen() && !isPublished) { // else the names may be another writer's
      Files.deleteIfExists(partialBin);
      Files.deleteIfExists(partialJson);
    }
    channel.close();
  }
}
