// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.train.internal.encoding.EncodedPiece;
import java.io.IOException;

/** The packer of {@link TokenPacking.Stream}. */
final class StreamPacker implements TokenPacking.Packer {
  private final TokenSplits out;
  private final DocumentSplit split;
  private final EndOfText end;
  private long document;

  StreamPacker(TokenSplits out, DocumentSplit split, EndOfText end) {
    this.out = out;
    this.split = split;
    this.end = end;
  }

  @Override
  public void take(EncodedPiece piece) throws IOException {
    String name = split.of(document);
    out.write(name, piece.ids());
    if (piece.isLast()) {
      out.write(name, end.ids());
      document++;
    }
  }

  @Override
  public void finish() {}

  @Override
  public long dropped() {
    return 0;
  }

  @Override
  public long padding() {
    return 0;
  }
}
