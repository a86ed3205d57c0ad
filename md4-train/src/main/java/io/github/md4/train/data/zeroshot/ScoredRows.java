// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.zeroshot;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.document.DocumentOptions;
import io.github.md4.train.internal.encoding.DocumentEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of text, laid out by a protocol in sequences of N tokens and held in memory (spec, Section
 * 7.5). Safe for several threads.
 */
public final class ScoredRows implements Examples {
  private final List<int[]> sequences = new ArrayList<>();
  private final List<int[]> documents = new ArrayList<>();
  private final List<Integer> given = new ArrayList<>();
  private final int length;
  private final int stride;
  private final long rows;
  private final long rowTokens;

  private ScoredRows(int length, int stride, List<int[]> rows) {
    this.length = length;
    this.stride = stride;
    this.rows = rows.size();
    this.rowTokens = rows.stream().mapToLong(row -> row.length).sum();
  }

  /**
   * Reads rows of text and lays them out.
   *
   * @param files files of documents, in their order, at least one
   * @param options the rules of reading
   * @param tokenizer the vocabulary, which must have an end of text
   * @param protocol the protocol, by which rows become sequences
   * @param length N, the number of tokens of a sequence, at least 1; 3 where the protocol puts each
   *     between two ends of text
   * @return the rows, in sequences
   * @throws IllegalArgumentException if the length is below its least, or the vocabulary has no end
   *     of text
   * @throws InvalidDataException if a file is missing or damaged, or all rows fill no sequence
   * @throws IOException if a file cannot be read
   */
  public static ScoredRows read(
      List<Path> files, DocumentOptions options, Tokenizer tokenizer, Protocol protocol, int length)
      throws IOException {
    return read(files, options, tokenizer, protocol, length, length);
  }

  /**
   * Reads rows of text and lays them out in windows that overlap. A window's tokens that are in the
   * one before it are given, and the others scored, so that each token is scored once.
   *
   * @param files files of documents, in their order, at least one
   * @param options the rules of reading
   * @param tokenizer the vocabulary, which must have an end of text
   * @param protocol the protocol, which must be one that joins rows and cuts them
   * @param length N, the number of tokens of a window, at least 1; 3 where the protocol puts each
   *     between two ends of text
   * @param stride the tokens from the beginning of a window to that of the next, in [1, length];
   *     {@code length} for windows that do not overlap
   * @return the rows, in windows
   * @throws IllegalArgumentException if the length is below its least, the stride is out of its
   *     range, the protocol has none, or the vocabulary has no end of text
   * @throws InvalidDataException if a file is missing or damaged, or all rows fill no window
   * @throws IOException if a file cannot be read
   */
  public static ScoredRows read(
      List<Path> files,
      DocumentOptions options,
      Tokenizer tokenizer,
      Protocol protocol,
      int length,
      int stride)
      throws IOException {
    checkStride(protocol, length, stride);
    int end = Protocol.end(tokenizer);
    List<int[]> rows = rows(files, options, tokenizer, end);
    ScoredRows scored = new ScoredRows(length, stride, rows);
    int shardStart = 0;
    for (int shard = 0; shard < protocol.shards(); shard++) {
      // The hub's library makes the first shards longer by one row.
      int size =
          rows.size() / protocol.shards() + (shard < rows.size() % protocol.shards() ? 1 : 0);
      scored.layOut(rows, shardStart, shardStart + size, protocol, end);
      shardStart += size;
    }
    if (scored.count() == 0) {
      throw new InvalidDataException(
          files.get(0),
          "is too short: no sequence of %s; take a longer text"
              .formatted(Counted.of(length, "token")));
    }
    return scored;
  }

  private static void checkStride(Protocol protocol, int length, int stride) {
    int least = 1 + protocol.layout().added;
    require(length >= least, "length must be at least " + least, length);
    require(
        stride >= 1 && stride <= length,
        "stride must be in [1, %d], the tokens of a sequence".formatted(length),
        stride);
    require(
        stride == length || protocol.layout() == Protocol.Layout.WRAP,
        "stride must be left out with a protocol that does not join rows and cut them",
        protocol);
  }

  private static List<int[]> rows(
      List<Path> files, DocumentOptions options, Tokenizer tokenizer, int end) throws IOException {
    List<int[]> rows = new ArrayList<>();
    List<int[]> parts = new ArrayList<>();
    DocumentEncoder.Sink sink =
        piece -> {
          parts.add(piece.ids());
          if (piece.isLast()) {
            parts.add(new int[] {end});
            rows.add(parts.stream().flatMapToInt(Arrays::stream).toArray());
            parts.clear();
          }
        };
    try (DocumentEncoder encoder = new DocumentEncoder(options, tokenizer, sink)) {
      DocumentEncoder.Counts unused = encoder.encode(files);
    }
    return rows;
  }

  private void layOut(List<int[]> rows, int from, int to, Protocol protocol, int end) {
    if (protocol.layout() == Protocol.Layout.PER_DOCUMENT) {
      for (int row = from; row < to; row++) {
        int[] ids = Arrays.copyOf(rows.get(row), Math.min(length, rows.get(row).length));
        add(ids, filled(ids.length, row), 0);
      }
      return;
    }
    int batch = protocol.batch() == 0 ? Math.max(1, to - from) : protocol.batch();
    for (int first = from; first < to; first += batch) {
      wrap(rows, first, Math.min(first + batch, to), protocol.layout(), end);
    }
  }

  private void wrap(List<int[]> rows, int from, int to, Protocol.Layout layout, int end) {
    int inner = length - layout.added;
    int[] ids = new int[inner];
    int[] owners = new int[inner];
    int filled = 0;
    int kept = 0; // of the window before
    for (int row = from; row < to; row++) {
      for (int id : rows.get(row)) {
        ids[filled] = id;
        owners[filled++] = row;
        if (filled == inner) {
          int[] sequence = layout.sequence(ids.clone(), end);
          add(sequence, owners(owners, sequence.length), kept);
          kept = length - stride;
          System.arraycopy(ids, inner - kept, ids, 0, kept);
          System.arraycopy(owners, inner - kept, owners, 0, kept);
          filled = kept;
        }
      }
    }
  }

  /**
   * Returns the documents of a sequence's tokens. The tokens that a layout adds belong to the
   * documents of their neighbours.
   */
  private static int[] owners(int[] inner, int length) {
    int added = (length - inner.length) / 2;
    int[] owners = new int[length];
    for (int n = 0; n < length; n++) {
      owners[n] = inner[Math.max(0, Math.min(n - added, inner.length - 1))];
    }
    return owners;
  }

  private static int[] filled(int count, int value) {
    int[] array = new int[count];
    Arrays.fill(array, value);
    return array;
  }

  private void add(int[] sequence, int[] owners, int ofWindowBefore) {
    sequences.add(sequence);
    documents.add(owners);
    given.add(ofWindowBefore);
  }

  @Override
  public long count() {
    return sequences.size();
  }

  @Override
  public int length() {
    return length;
  }

  /** Returns the number of rows of text. */
  @Override
  public long documentCount() {
    return rows;
  }

  @Override
  public int scored(long index) {
    return sequences.get((int) index).length;
  }

  @Override
  public int given(long index) {
    return given.get((int) index);
  }

  /** Reads a sequence; padding is token 0. */
  @Override
  public void read(long index, int[] into) {
    int[] sequence = sequences.get((int) index);
    Arrays.fill(into, 0);
    System.arraycopy(sequence, 0, into, 0, sequence.length);
  }

  @Override
  public void readDocuments(long index, int[] into) {
    int[] owners = documents.get((int) index);
    System.arraycopy(owners, 0, into, 0, owners.length);
  }

  /** {@return the number of tokens of all rows, with their ends} */
  public long rowTokens() {
    return rowTokens;
  }

  /** {@return the number of tokens that are scored} */
  public long scoredTokens() {
    long tokens = sequences.stream().mapToLong(sequence -> sequence.length).sum();
    return tokens - given.stream().mapToLong(Integer::longValue).sum();
  }
}
