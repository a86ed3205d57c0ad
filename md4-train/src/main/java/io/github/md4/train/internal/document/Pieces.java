// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.document;

import io.github.md4.train.data.TextDefects;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The documents of one file, in order, long ones in parts. */
public interface Pieces extends Closeable {

  /** Returns the next piece; empty at the end of the file. */
  Optional<Piece> next() throws IOException;

  /** {@return what could not be taken as it is, of the pieces so far} */
  default TextDefects defects() {
    return TextDefects.NONE;
  }

  /** Returns what was left out or changed between documents, in sentences, after the last piece. */
  default List<String> notes() {
    return List.of();
  }
}
