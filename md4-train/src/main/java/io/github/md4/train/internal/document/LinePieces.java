// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.train.internal.corpus.Lines;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The pieces of a text with one document for each line.
 *
 * @param lines the lines of the text
 * @param text makes the document of a line, which comes without its end
 */
public record LinePieces(Lines lines, UnaryOperator<String> text) implements Pieces {
  @Override
  public Optional<Piece> next() throws IOException {
    return lines.next().map(line -> new Piece(text.apply(line), true));
  }

  @Override
  public List<String> notes() {
    return lines.notes();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
