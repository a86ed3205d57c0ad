// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** A file's ids, mapped in pieces because one mapping ends at 2 GiB. Safe for several threads. */
final class MappedTokens {
  private final TokenLayout layout;
  private final ByteBuffer[] pieces;
  private final int tokensPerPiece;

  private MappedTokens(TokenLayout layout, ByteBuffer[] pieces, int tokensPerPiece) {
    this.layout = layout;
    this.pieces = pieces;
    this.tokensPerPiece = tokensPerPiece;
  }

  /** Maps a file, whose length must fit the layout. */
  static MappedTokens map(FileChannel channel, TokenLayout layout, int tokensPerPiece)
      throws IOException {
    int count = Math.toIntExact((layout.count() + tokensPerPiece - 1) / tokensPerPiece);
    ByteBuffer[] pieces = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      long first = (long) i * tokensPerPiece;
      long size = Math.min(tokensPerPiece, layout.count() - first) * layout.type().bytes();
      long start = layout.headerBytes() + first * layout.type().bytes();
      pieces[i] =
          channel.map(FileChannel.MapMode.READ_ONLY, start, size).order(ByteOrder.LITTLE_ENDIAN);
    }
    return new MappedTokens(layout, pieces, tokensPerPiece);
  }

  long count() {
    return layout.count();
  }

  /** Returns the length of the file. */
  long bytes() {
    return layout.headerBytes() + layout.count() * layout.type().bytes();
  }

  /** Reads {@code into.length} ids from {@code offset} on; both must lie within the file. */
  void read(long offset, int[] into) {
    int done = 0;
    while (done < into.length) {
      int piece = (int) ((offset + done) / tokensPerPiece);
      int first = (int) ((offset + done) % tokensPerPiece);
      int count = Math.min(into.length - done, tokensPerPiece - first);
      TokenType.Span span = new TokenType.Span(done, count);
      layout.type().get(pieces[piece], first * layout.type().bytes(), into, span);
      done += count;
    }
  }
}
