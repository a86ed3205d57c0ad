// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of text, laid out by a protocol and held in memory. */
public final class ScoredRows implements Examples {
  private final List<int[]> sequences = new ArrayList<>();
  private final List<int[]> documents = new ArrayList<>();
  private final int length;
  private final long rows;
  private final long rowTokens;

  private ScoredRows(int length, List<int[]> rows) {
    this.length = length;
    this.rows = rows.size();
    this.rowTokens = rows.stream().mapToLong(row -> row.length).sum();
  }

  /**
   * Reads rows of text and lays them out.
   *
   * @param files the files
   * @param options vocabulary, splits and rules of reading
   * @param tokenizer the vocabulary
   * @param protocol the protocol, by which rows become sequences
   * @param length the number of tokens in a sequence
   * @return the rows, in sequences
   * @throws InvalidDataException if a file is missing or damaged, or all rows fill no sequence
   * @throws IOException if a file cannot be read
   */
  public static ScoredRows read(
      List<Path> files, DocumentOptions options, Tokenizer tokenizer, Protocol protocol, int length)
      throws IOException {
    int end = Protocol.end(tokenizer);
    List<int[]> rows = rows(files, options, tokenizer, end);
    ScoredRows scored = new ScoredRows(length, rows);
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
          "is too short: no sequence of %d tokens; take a longer text".formatted(length));
    }
    return scored;
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
        add(ids, filled(ids.length, row));
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
    for (int row = from; row < to; row++) {
      for (int id : rows.get(row)) {
        ids[filled] = id;
        owners[filled++] = row;
        if (filled == inner) {
          int[] sequence = layout.sequence(ids.clone(), end);
          add(sequence, owners(owners, sequence.length));
          filled = 0;
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

  private void add(int[] sequence, int[] owners) {
    sequences.add(sequence);
    documents.add(owners);
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
    return sequences.stream().mapToLong(sequence -> sequence.length).sum();
  }
}
