// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.internal.encoding.DocumentEncoder;
import io.github.md4.train.internal.encoding.EncodedPiece;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * The encoder of some of a corpus's files, so that several machines can share the work; {@link
 * DocumentTokens#join} joins the parts. The ids of all of them go into one file: for each piece of
 * a document twice its number of ids, plus 1 if it is the document's last, and the ids, all of them
 * int32.
 */
public final class PartEncoder implements Closeable {
  private final DocumentTokens.Options options;
  private final Tokenizer tokenizer;
  private final LongConsumer progress;
  private final CRC32C checksum = new CRC32C();
  private final DataOutputStream out;
  private long written;
  private long documents;

  private PartEncoder(
      DocumentTokens.Options options,
      Tokenizer tokenizer,
      LongConsumer progress,
      OutputStream file) {
    this.options = options;
    this.tokenizer = tokenizer;
    this.progress = progress;
    this.out =
        new DataOutputStream(new CheckedOutputStream(new BufferedOutputStream(file), checksum));
  }

  /**
   * Creates the file of ids.
   *
   * @param ids the file of ids to be written, overwritten where it exists
   * @param options rules of reading, those of all parts
   * @param tokenizer the vocabulary of all files of the corpus
   * @param progress hears the number of documents that are done, after each, on this thread
   * @return the encoder, closed by the caller
   * @throws IOException if a file cannot be read or written
   */
  public static PartEncoder create(
      Path ids, DocumentTokens.Options options, Tokenizer tokenizer, LongConsumer progress)
      throws IOException {
    return new PartEncoder(options, tokenizer, progress, Files.newOutputStream(ids));
  }

  /**
   * Encodes a file of documents.
   *
   * @param file the file of documents
   * @return the description of the encoding, JSON in UTF-8, for {@link EncodedFile#of}
   * @throws InvalidDataException if the file is missing or damaged, or a text cannot be encoded
   * @throws IOException if a file cannot be read or written
   */
  public byte[] encode(Path file) throws IOException {
    Provenance.SourceFile source = Provenance.SourceFile.of(file);
    long from = written;
    checksum.reset();
    DocumentEncoder.Counts counts =
        DocumentTokens.encode(List.of(file), options, tokenizer, this::write);
    return new EncodedFile.Description(
            source.name(),
            source.sha256(),
            counts.documents(),
            counts.textBytes(),
            counts.blanks(),
            counts.defects().missing(),
            counts.defects().mended(),
            counts.notes(),
            from,
            written - from,
            checksum.getValue())
        .text();
  }

  private void write(EncodedPiece piece) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (1 + piece.ids().length));
    bytes.asIntBuffer().put(2 * piece.ids().length + (piece.isLast() ? 1 : 0)).put(piece.ids());
    out.write(bytes.array());
    written += bytes.capacity();
    documents += piece.isLast() ? 1 : 0;
    progress.accept(documents);
  }

  /** Writes what is left and closes the file of ids. */
  @Override
  public void close() throws IOException {
    out.close();
  }
}
