// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.encoding;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Excerpt;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.TextDefects;
import io.github.md4.train.data.document.DocumentFormat;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.internal.document.Piece;
import io.github.md4.train.internal.document.Pieces;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * The encoding of documents on all cores. The ids leave in order; a few batches are held at a time.
 */
public final class DocumentEncoder implements Closeable {
  private static final int BATCH_CHARS = 1 << 17;
  private static final int BATCHES_PER_THREAD = 4;
  private static final int SHOWN = 30;

  private final DocumentOptions options;
  private final Tokenizer tokenizer;
  private final Sink sink;
  private final ExecutorService workers;
  private final int limit;
  private final Deque<Future<Batch>> running = new ArrayDeque<>();
  private TextDefects defects = TextDefects.NONE;
  private long documents;
  private long textBytes;
  private long blanks;
  private final List<String> notes = new ArrayList<>();

  /** The receiver of the ids. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Takes the next piece.
     *
     * @param piece the tokens of a piece of a document
     * @throws IOException if it cannot be written
     */
    void take(EncodedPiece piece) throws IOException;
  }

  /**
   * The numbers of encoded documents and bytes, and of what was not as it should.
   *
   * @param documents the number of documents, at least 0
   * @param textBytes the bytes of their texts in UTF-8, after the detokenizer
   * @param blanks the number of blanks left out, as they are no symbols of the vocabulary
   * @param defects the documents that could not be taken as they are
   * @param notes on the files, in sentences
   */
  public record Counts(
      long documents, long textBytes, long blanks, TextDefects defects, List<String> notes) {
    /** Nothing encoded. */
    public static final Counts NONE = new Counts(0, 0, 0, TextDefects.NONE, List.of());

    /**
     * {@return the numbers of both, notes of these first}
     *
     * @param others the numbers of documents that follow
     */
    public Counts plus(Counts others) {
      return new Counts(
          documents + others.documents,
          textBytes + others.textBytes,
          blanks + others.blanks,
          defects.plus(others.defects),
          Stream.concat(notes.stream(), others.notes.stream()).toList());
    }

    /** {@return all notes, that on blanks last} */
    public List<String> allNotes() {
      if (blanks == 0) {
        return notes;
      }
      String ofBlanks =
          "blanks and line ends left out, as they are no symbols of the vocabulary: %,d"
              .formatted(blanks);
      return Stream.concat(notes.stream(), Stream.of(ofBlanks)).toList();
    }
  }

  private record Batch(List<EncodedPiece> pieces, long textBytes, long blanks) {}

  /**
   * Starts threads, which {@link #close} ends.
   *
   * @param options the rules of reading
   * @param tokenizer the vocabulary
   * @param sink the receiver of the ids, called on the thread of {@link #encode}
   */
  public DocumentEncoder(DocumentOptions options, Tokenizer tokenizer, Sink sink) {
    this.options = options;
    this.tokenizer = tokenizer;
    this.sink = sink;
    int threads = Runtime.getRuntime().availableProcessors();
    this.workers = Executors.newFixedThreadPool(threads);
    this.limit = threads * BATCHES_PER_THREAD;
  }

  /**
   * Encodes all documents of the files, in order.
   *
   * @param files files of documents, compressed or not
   * @return the numbers of documents, of these files and of those before
   * @throws IOException if a file cannot be read, or the receiver fails
   * @throws InvalidDataException if a file cannot be read or a text cannot be encoded
   */
  public Counts encode(List<Path> files) throws IOException {
    for (Path file : files) {
      try (Pieces pieces = DocumentFormat.of(file).open(file, options, tokenizer)) {
        submit(file, pieces);
        defects = defects.plus(pieces.defects());
        pieces.notes().forEach(note -> notes.add(file + ": " + note));
      }
    }
    while (!running.isEmpty()) {
      takeFirst();
    }
    return new Counts(documents, textBytes, blanks, defects, List.copyOf(notes));
  }

  private void submit(Path file, Pieces pieces) throws IOException {
    List<Piece> batch = new ArrayList<>();
    int chars = 0;
    for (Optional<Piece> piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
      batch.add(piece.get());
      chars += 1 + piece.get().text().length();
      if (chars >= BATCH_CHARS) {
        submit(file, batch);
        batch = new ArrayList<>();
        chars = 0;
      }
    }
    submit(file, batch);
  }

  private void submit(Path file, List<Piece> batch) throws IOException {
    if (running.size() == limit) {
      takeFirst();
    }
    running.add(workers.submit(() -> encode(file, batch)));
  }

  private Batch encode(Path file, List<Piece> batch) {
    List<EncodedPiece> encoded = new ArrayList<>(batch.size());
    long bytes = 0;
    long blanksOfBatch = 0;
    for (Piece piece : batch) {
      String text = options.detokenizer().apply(piece.text());
      int[] ids = ids(file, text);
      bytes += utf8Length(text);
      blanksOfBatch += tokenizer.blanksLeftOut(text, ids);
      encoded.add(new EncodedPiece(ids, piece.isLast()));
    }
    return new Batch(encoded, bytes, blanksOfBatch);
  }

  private int[] ids(Path file, String text) {
    try {
      return tokenizer.encode(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(
          file,
          Excerpt.in(e.getMessage(), beginning(text))
              + "; take another vocabulary, or mend the text",
          e);
    }
  }

  /** Returns the first characters of a text on one line, by which it is found in its file. */
  private static String beginning(String text) {
    int end = text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length())));
    String shown = text.substring(0, end).replaceAll("\\p{Cntrl}+", " ");
    return end < text.length() ? shown + "..." : shown;
  }

  private static long utf8Length(String text) {
    long bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // Each half of a surrogate pair is two of the character's four bytes.
      bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return bytes;
  }

  private void takeFirst() throws IOException {
    Batch batch = result(running.remove());
    for (EncodedPiece piece : batch.pieces) {
      sink.take(piece);
      documents += piece.isLast() ? 1 : 0;
    }
    textBytes += batch.textBytes;
    blanks += batch.blanks;
  }

  private static Batch result(Future<Batch> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while documents were encoded");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
