// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.token.Tokenizer;

/** The end of a document: one token, or nothing. */
record EndOfText(int[] ids) {
  EndOfText(Tokenizer tokenizer) {
    this(tokenizer.endOfText().stream().toArray());
  }
}
