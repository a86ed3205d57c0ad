// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/**
 * How documents are found in files.
 *
 * @param rule what a document of a plain text is
 * @param field which field of a JSON line, or which column of a Parquet file, is the text
 * @param detokenizer what is undone before a text is encoded
 */
public record DocumentOptions(DocumentRule rule, String field, Detokenizer detokenizer) {
  public DocumentOptions {
    if (detokenizer != Detokenizer.NONE && rule instanceof DocumentRule.WholeFile) {
      throw new IllegalArgumentException(
          "a detokenizer undoes one row at a time: documents must be lines, rows or until=LINE");
    }
  }
}
