// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.token.Provenance;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.internal.encoding.DocumentEncoder;
import io.github.md4.train.internal.encoding.EncodedPiece;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * The encoding of one file of documents by {@link PartEncoder}: what is known of the documents, and
 * where their ids lie.
 */
public final class EncodedFile {
  private static final Gson GSON = new Gson();

  private final Path ids;
  private final Description description;

  /**
   * The facts of the file and of its stretch in the file of ids.
   *
   * @param name of the file of documents, without folders
   * @param from the first byte of the stretch
   * @param checksum of its bytes, CRC-32C
   */
  record Description(
      String name,
      String sha256,
      long documents,
      long textBytes,
      long blanks,
      long missing,
      long mended,
      List<String> notes,
      long from,
      long bytes,
      long checksum) {
    byte[] text() {
      return GSON.toJson(this).getBytes(StandardCharsets.UTF_8);
    }

    private DocumentEncoder.Counts counts() {
      TextDefects defects = new TextDefects(missing, mended);
      return new DocumentEncoder.Counts(documents, textBytes, blanks, defects, notes);
    }
  }

  private EncodedFile(Path ids, Description description) {
    this.ids = ids;
    this.description = description;
  }

  /**
   * {@return an encoding}
   *
   * @param file the file of documents, whose name is compared
   * @param ids the file of ids, which is read when the parts are joined
   * @param text what {@link PartEncoder#encode} has returned for this file: JSON in UTF-8
   * @throws InvalidDataException if the text is of another file or cannot be read
   */
  public static EncodedFile of(Path file, Path ids, byte[] text) {
    Description description = parse(ids, text);
    if (!String.valueOf(file.getFileName()).equals(description.name)) {
      throw new InvalidDataException(
          ids, "has the documents of %s in place of those of %s".formatted(description.name, file));
    }
    return new EncodedFile(ids, description);
  }

  private static Description parse(Path ids, byte[] text) {
    try {
      return GSON.fromJson(new String(text, StandardCharsets.UTF_8), Description.class);
    } catch (JsonSyntaxException e) {
      throw new InvalidDataException(ids, "has a description that cannot be read", e);
    }
  }

  Provenance.SourceFile source() {
    return new Provenance.SourceFile(description.name, description.sha256);
  }

  /**
   * Hands all documents over and returns their numbers.
   *
   * @throws InvalidDataException if the file of ids is missing or damaged
   */
  DocumentEncoder.Counts read(DocumentEncoder.Sink sink) throws IOException {
    new UntrustedFile(ids).checkExists("; the ids of a part lie beside the file of --part-out");
    CRC32C checksum = new CRC32C();
    try (var file = Files.newInputStream(ids)) {
      file.skipNBytes(description.from);
      DataInputStream in =
          new DataInputStream(new CheckedInputStream(new BufferedInputStream(file), checksum));
      long left = description.bytes;
      while (left > 0) {
        left -= hand(in, left, sink);
      }
    } catch (EOFException e) {
      throw damaged();
    }
    if (checksum.getValue() != description.checksum) {
      throw damaged();
    }
    return description.counts();
  }

  /** Hands the next piece over and returns the number of its bytes. */
  private long hand(DataInputStream in, long left, DocumentEncoder.Sink sink) throws IOException {
    int head = in.readInt();
    long bytes = (long) Integer.BYTES * (head >>> 1);
    if (Integer.BYTES + bytes > left) {
      throw damaged();
    }
    byte[] stored = new byte[Math.toIntExact(bytes)];
    in.readFully(stored);
    int[] idsOfPiece = new int[head >>> 1];
    ByteBuffer.wrap(stored).asIntBuffer().get(idsOfPiece);
    sink.take(new EncodedPiece(idsOfPiece, (head & 1) == 1));
    return Integer.BYTES + bytes;
  }

  private InvalidDataException damaged() {
    return new InvalidDataException(ids, "is damaged; compute the part again");
  }
}
