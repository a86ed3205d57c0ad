// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import com.google.gson.JsonObject;
import io.github.md4.core.internal.text.ByteOrderMark;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A file whose content may be anything. Whatever is wrong with it is an {@link
 * InvalidDataException} that names it, in one line.
 *
 * @param path the file, which may be absent, huge or hostile
 */
public record UntrustedFile(Path path) {
  /** The beginning of what git keeps in the place of a large file. */
  private static final String POINTER = "version https://git-lfs.";

  private static final long MOST_TEXT_BYTES = 1 << 29;

  /** An open file of this process. */
  private static final Pattern HANDED_OVER =
      Pattern.compile("/dev/(stdin|fd/\\d+)|/proc/self/fd/\\d+");

  /**
   * The reading of a file.
   *
   * @param <T> the type of what is read
   */
  @FunctionalInterface
  public interface Reading<T> {
    /**
     * {@return what the file holds}
     *
     * @throws IOException if the file cannot be read
     */
    T read() throws IOException;
  }

  /**
   * Checks that the file, if there is one, can be read from its beginning to its end: it is no
   * folder, which Java opens, and then fails to read without its name, and no pipe, whose reader
   * waits until somebody writes. What a shell hands over, such as {@code <(zcat a.gz)}, can be
   * read.
   *
   * @throws InvalidDataException if it cannot
   */
  public void checkIsReadable() {
    if (!HANDED_OVER.matcher(path.toString()).matches()) {
      checkIsRegular();
    }
  }

  /**
   * Checks that the file, if there is one, can be read twice and from any place.
   *
   * @throws InvalidDataException if it is a folder, a pipe or a device
   */
  public void checkIsRegular() {
    if (Files.isDirectory(path)) {
      throw new InvalidDataException(path, "is a folder; name a file in it");
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new InvalidDataException(path, "is a pipe or a device; name a file");
    }
  }

  /**
   * Checks as {@link #checkIsRegular}, and that there is a file.
   *
   * @param expected what it should be, for the message: "; a trace is expected here"
   * @throws InvalidDataException if there is none, or it is none
   */
  public void checkExists(String expected) {
    checkIsRegular();
    if (!Files.isRegularFile(path)) {
      throw new InvalidDataException(path, "no such file" + expected + NearestPath.hint(path));
    }
  }

  /**
   * {@return the text of the file, without the byte order mark that it may begin with}
   *
   * @throws InvalidDataException if it is not UTF-8, a pointer of git-lfs, or so long that it
   *     cannot be what it should be
   * @throws IOException if the file cannot be read
   */
  public String text() throws IOException {
    checkIsReadable();
    long size = Files.size(path);
    if (size > MOST_TEXT_BYTES) {
      throw new InvalidDataException(
          path, "is too long for a text of its kind: " + size + " bytes");
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
      String text =
          ByteOrderMark.without(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
      if (text.startsWith(POINTER)) {
        throw new InvalidDataException(
            path, "is a pointer of git-lfs, not the file; run git lfs pull in its folder");
      }
      return text;
    } catch (CharacterCodingException e) {
      throw new InvalidDataException(path, "is not UTF-8; copy it again", e);
    }
  }

  /**
   * {@return what a reading of the JSON object in the file gives, as {@link #read}}
   *
   * @param <T> the type of what is read
   * @param what the content that was expected: "no tokenizer"
   * @param reading makes the value of the JSON object
   * @throws InvalidDataException if the file is no UTF-8 text, holds no JSON object, or the reading
   *     fails
   * @throws IOException if the file cannot be read
   */
  public <T> T readJson(String what, Function<JsonObject, T> reading) throws IOException {
    String text = text();
    return read(what, () -> reading.apply(StrictJson.object(text)));
  }

  /**
   * {@return what a reading gives} An exception that it does not foresee is a damage of the file.
   *
   * @param <T> the type of what is read
   * @param what the content that was expected: "no Parquet file"
   * @param reading reads the file
   * @throws InvalidDataException if the reading fails otherwise than by input or output
   * @throws IOException if the file cannot be read
   */
  public <T> T read(String what, Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (InvalidDataException | InvalidConfigException e) {
      throw e;
    } catch (CharacterCodingException e) {
      throw new InvalidDataException(path, what + ": it is not UTF-8", e);
    } catch (RuntimeException | StackOverflowError | InternalError e) {
      throw refused(what, e);
    }
  }

  /**
   * {@return the exception that refuses the file because of a failure; its first line is shown}
   *
   * @param what the content that was expected: "no Parquet file"
   * @param failure what the reading threw
   */
  public InvalidDataException refused(String what, Throwable failure) {
    return new InvalidDataException(path, what + ": " + reason(failure), failure);
  }

  /**
   * {@return the exception that refuses the file because it is not whole; the failure's first line
   * is shown, if it has one}
   *
   * @param failure what the reading threw
   */
  public InvalidDataException damaged(IOException failure) {
    return new InvalidDataException(
        path, "is damaged or cut short (" + reason(failure) + "); copy it again", failure);
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof IllegalArgumentException)) {
      cause = cause.getCause();
    }
    if (cause.getMessage() != null && !(cause instanceof NullPointerException)) {
      return firstLine(cause.getMessage());
    }
    return cause instanceof EOFException
        ? "it ends too early"
        : "a value is missing or of another kind";
  }

  /** Returns the first line, without an advice of the JSON library to its callers. */
  private static String firstLine(String message) {
    return message
        .strip()
        .lines()
        .findFirst()
        .orElse("")
        .replaceFirst("^Use JsonReader\\.setStrictness.* malformed JSON", "malformed");
  }
}
