// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.train.internal.corpus.Lines;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pieces of a text with documents up to a marker line.
 *
 * @param lines the lines of the text
 * @param marker the line between two documents
 */
public record UntilPieces(Lines lines, String marker) implements Pieces {
  @Override
  public Optional<Piece> next() throws IOException {
    Optional<String> line = lines.next();
    boolean isAny = line.isPresent();
    List<String> text = new ArrayList<>();
    for (; line.isPresent() && !line.get().equals(marker); line = lines.next()) {
      text.add(line.get());
    }
    return isAny ? Optional.of(new Piece(String.join("\n", text), true)) : Optional.empty();
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
