// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file of token ids, memory-mapped; of any length, and safe for several threads.
 *
 * <p>{@code DATA.bin} holds the ids and nothing else, {@code DATA.json} beside it says what they
 * are (docs/data.md). Without the JSON, a file of llm.c (header of 1,024 bytes) or of nanoGPT (no
 * header) is read: both are uint16 and do not tell their vocabulary.
 */
public final class TokenFile implements Closeable {
  private static final int TOKENS_PER_PIECE = 1 << 28; // 1 GiB of int32, the widest type

  private final Path file;
  private final TokenFileInfo info; // null without a JSON
  private final int vocabularySize; // the greatest int where unknown
  private final MappedTokens tokens;
  private final long bytes;
  private volatile boolean isClosed;

  private TokenFile(Path file, TokenFileInfo info, int vocabularySize, MappedTokens tokens) {
    this.file = file;
    this.info = info;
    this.vocabularySize = vocabularySize;
    this.tokens = tokens;
    this.bytes = tokens.bytes();
  }

  /**
   * Opens a file of tokens and maps it.
   *
   * @param bin the file of ids; its description is the {@code .json} beside it
   * @return the open file, closed by the caller
   * @throws InvalidDataException if it is missing, does not end in {@code .bin}, is not as long as
   *     it says, or has a JSON that cannot be understood
   * @throws IOException if a file cannot be read
   */
  public static TokenFile open(Path bin) throws IOException {
    return open(bin, TOKENS_PER_PIECE);
  }

  /**
   * Opens a file of tokens whose vocabulary size the caller knows, as {@link #open(Path)} does.
   *
   * @param bin the file of ids; its description is the {@code .json} beside it
   * @param vocabularySize V, the number of tokens without the mask
   * @return the open file, closed by the caller
   * @throws InvalidDataException as {@link #open(Path)}, and if the file says another size
   * @throws IOException if a file cannot be read
   */
  public static TokenFile openWithVocabulary(Path bin, int vocabularySize) throws IOException {
    TokenFile opened = open(bin);
    if (opened.info != null && opened.vocabularySize != vocabularySize) {
      throw new InvalidDataException(
          bin,
          "has a vocabulary of %d where %d is expected; take the data that the model was made for"
              .formatted(opened.vocabularySize, vocabularySize));
    }
    return new TokenFile(bin, opened.info, vocabularySize, opened.tokens);
  }

  static TokenFile open(Path bin, int tokensPerPiece) throws IOException {
    Path json = TokenFileInfo.beside(bin);
    new UntrustedFile(bin).checkExists("; md4 data makes files of tokens");
    TokenFileInfo info = Files.exists(json) ? TokenFileInfo.read(json) : null;
    try (FileChannel channel = FileChannel.open(bin, StandardOpenOption.READ)) {
      boolean isBare = info == null || TokenLayout.hasHeader(channel);
      TokenLayout layout =
          isBare ? TokenLayout.detect(bin, channel) : new TokenLayout(0, info.type(), info.count());
      layout.check(bin, channel.size());
      int vocabularySize = info == null ? Integer.MAX_VALUE : info.vocabularySize();
      MappedTokens tokens = MappedTokens.map(channel, layout, tokensPerPiece);
      return new TokenFile(bin, info, vocabularySize, tokens);
    }
  }

  /** {@return the path that was opened} */
  public Path path() {
    return file;
  }

  /** {@return the number of tokens, at least 0} */
  public long length() {
    return tokens.count();
  }

  /** {@return what the JSON says; empty for a file of nanoGPT or llm.c, which has none} */
  public Optional<TokenFileInfo> info() {
    return Optional.ofNullable(info);
  }

  /**
   * Reads {@code into.length} ids from the token {@code offset} on.
   *
   * @param offset the place of the first id, from 0, in tokens
   * @param into the array that is filled, from its first element to its last, with ids in [0, V)
   * @throws IllegalArgumentException if they do not all lie within the file
   * @throws InvalidDataException if an id is not in the vocabulary, where that is known
   * @throws IllegalStateException if the file is closed
   */
  public void read(long offset, int[] into) {
    if (isClosed) {
      throw new IllegalStateException(file + ": closed");
    }
    if (offset < 0 || offset > length() - into.length) {
      throw new IllegalArgumentException(
          "tokens must lie in [0, %d): %d from %d".formatted(length(), into.length, offset));
    }
    checkIsWhole();
    try {
      tokens.read(offset, into);
      checkIds(offset, into);
    } catch (InternalError e) { // the file was cut short since the check
      throw cutShort(e);
    }
  }

  /**
   * {@return {@code count} ids from the token {@code offset} on, as {@link #read(long, int[])}}
   *
   * @param offset the place of the first id, from 0, in tokens
   * @param count the number of ids, at least 0
   * @throws IllegalArgumentException if they do not all lie within the file
   * @throws InvalidDataException if an id is not in the vocabulary, where that is known
   * @throws IllegalStateException if the file is closed
   */
  public int[] read(long offset, int count) {
    int[] ids = new int[count];
    read(offset, ids);
    return ids;
  }

  /**
   * Checks that no other program has cut the file short since it was mapped. Java would throw an
   * {@link InternalError} for a lost page, and at an unforeseeable place.
   */
  private void checkIsWhole() {
    long size = file.toFile().length(); // 0 also where the file was deleted, which does no harm
    if (size < bytes && (size > 0 || Files.exists(file))) {
      throw cutShort(null);
    }
  }

  private InvalidDataException cutShort(Throwable cause) {
    return new InvalidDataException(
        file, "was cut short while it was read; copy or prepare it again", cause);
  }

  private void checkIds(long offset, int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabularySize) {
        throw new InvalidDataException(
            file,
            "token %d is %d, outside its vocabulary of %d; copy or prepare it again"
                .formatted(offset + i, ids[i], vocabularySize));
      }
    }
  }

  /**
   * Reads the whole file and throws unless its SHA-256 is the one that the JSON states.
   *
   * @throws InvalidDataException if it is another, or if there is no JSON
   * @throws IOException if a file cannot be read
   */
  public void verify() throws IOException {
    if (info == null) {
      throw new InvalidDataException(file, "no JSON beside it states a SHA-256");
    }
    String sha256 = Sha256.of(file);
    if (!sha256.equals(info.sha256())) {
      throw new InvalidDataException(
          file,
          "SHA-256 is %s, stated is %s; copy or prepare it again".formatted(sha256, info.sha256()));
    }
  }

  /** Ends reading. The mapping itself goes when the garbage collector finds it. */
  @Override
  public void close() {
    isClosed = true;
  }
}
