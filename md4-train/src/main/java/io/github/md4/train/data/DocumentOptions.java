// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

/**
 * The reading of documents from files.
 *
 * @param rule divides a plain text into documents
 * @param field the field of a JSON line, or the column of a Parquet file, that has the text
 * @param detokenizer is applied to a text before it is encoded
 */
public record DocumentOptions(DocumentRule rule, String field, Detokenizer detokenizer) {
  /**
   * Checks that all are there.
   *
   * @param rule divides a plain text into documents
   * @param field the field of a JSON line, or the column of a Parquet file, that has the text
   * @param detokenizer is applied to a text before it is encoded
   * @throws IllegalArgumentException if a detokenizer, which undoes one row at a time, meets
   *     documents that are whole files
   */
  public DocumentOptions {
    if (detokenizer != Detokenizer.NONE && rule instanceof DocumentRule.WholeFile) {
      throw new IllegalArgumentException(
          "a detokenizer undoes one row at a time: documents must be lines, rows or until=LINE");
    }
  }
}
