// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.train.internal.encoding.EncodedPiece;
import io.github.md4.train.internal.hash.Permutation;
import java.io.IOException;
import java.util.Arrays;

/** The packer of {@link TokenPacking.OpenWebText}. */
final class OpenWebTextPacker implements TokenPacking.Packer {
  private static final double EVALUATION_SHARE = 0.02;

  private final TokenSplits out;
  private final TokenPacking.OpenWebText packing;
  private final EndOfText end;
  private int[] group = new int[1 << 16];
  private int count;
  private long documents;
  private long groups;

  OpenWebTextPacker(TokenSplits out, TokenPacking.OpenWebText packing, EndOfText end) {
    this.out = out;
    this.packing = packing;
    this.end = end;
  }

  @Override
  public void take(EncodedPiece piece) throws IOException {
    append(piece.ids());
    if (piece.isLast()) {
      append(end.ids());
      documents++;
      if (documents % packing.group() == 0) {
        writeGroup();
      }
    }
  }

  private void append(int[] ids) {
    if (count + ids.length > group.length) {
      group = Arrays.copyOf(group, Math.max(2 * group.length, count + ids.length));
    }
    System.arraycopy(ids, 0, group, count, ids.length);
    count += ids.length;
  }

  private void writeGroup() throws IOException {
    int rows = count / packing.length();
    int forEvaluation = (int) (EVALUATION_SHARE * rows);
    for (int k = 0; k < rows; k++) {
      int row = (int) Permutation.of(rows, packing.seed(), groups).apply(k);
      int first = row * packing.length();
      String split = k < forEvaluation ? "valid" : "train";
      out.write(split, Arrays.copyOfRange(group, first, first + packing.length()));
    }
    count -= rows * packing.length();
    System.arraycopy(group, rows * packing.length(), group, 0, count);
    groups++;
  }

  @Override
  public void finish() throws IOException {
    writeGroup();
  }

  @Override
  public long dropped() {
    return count;
  }

  @Override
  public long padding() {
    return 0;
  }
}
