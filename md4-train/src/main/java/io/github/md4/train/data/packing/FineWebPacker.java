// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.train.internal.encoding.EncodedPiece;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The packer of {@link TokenPacking.FineWeb}. */
final class FineWebPacker implements TokenPacking.Packer {
  private final TokenSplits out;
  private final TokenPacking.FineWeb packing;
  private final Map<String, Bins> bins = new LinkedHashMap<>();
  private int[] document;
  private int filled;
  private long documents;
  private long dropped;
  private long padding;

  /** The open rows of a split. */
  private static final class Bins {
    private final int[][] rows;
    private final int[] filled;

    Bins(TokenPacking.FineWeb packing) {
      rows = new int[packing.bins()][packing.length()];
      filled = new int[packing.bins()];
    }

    /** Returns the first row with room for {@code count} tokens, or -1. */
    int firstWithRoom(int count) {
      int row = 0;
      while (row < rows.length && filled[row] + count > rows[row].length) {
        row++;
      }
      return row < rows.length ? row : -1;
    }
  }

  FineWebPacker(TokenSplits out, TokenPacking.FineWeb packing) {
    this.out = out;
    this.packing = packing;
    this.document = new int[packing.length() - 1];
  }

  @Override
  public void take(EncodedPiece piece) throws IOException {
    int[] ids = piece.ids();
    int kept = Math.min(ids.length, document.length - filled);
    System.arraycopy(ids, 0, document, filled, kept);
    filled += kept;
    dropped += ids.length - kept;
    if (piece.isLast()) {
      place(packing.split().of(documents));
      documents++;
      filled = 0;
    }
  }

  private void place(String split) throws IOException {
    Bins open = bins.computeIfAbsent(split, name -> new Bins(packing));
    int row = open.firstWithRoom(filled);
    if (row < 0) {
      write(split, open);
      row = 0;
    }
    System.arraycopy(document, 0, open.rows[row], open.filled[row], filled);
    open.filled[row] += filled;
  }

  /** Writes the rows that hold tokens and opens new ones. */
  private void write(String split, Bins open) throws IOException {
    for (int row = 0; row < open.rows.length && open.filled[row] > 0; row++) {
      out.write(split, open.rows[row]);
      padding += open.rows[row].length - open.filled[row];
      Arrays.fill(open.rows[row], 0);
      open.filled[row] = 0;
    }
  }

  @Override
  public void finish() throws IOException {
    for (Map.Entry<String, Bins> split : bins.entrySet()) {
      write(split.getKey(), split.getValue());
    }
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public long padding() {
    return padding;
  }
}
