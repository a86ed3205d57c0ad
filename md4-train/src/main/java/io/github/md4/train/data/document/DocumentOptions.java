// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import java.util.Objects;

/**
 * The reading of documents from files (docs/data.md).
 *
 * @param rule divides a plain text into documents
 * @param field the field of a JSON line, or the column of a Parquet file, that has the text; dots
 *     lead into nested ones; without effect on plain text
 * @param detokenizer the rules applied to a text before it is encoded; {@link Detokenizer#NONE} for
 *     none
 */
public record DocumentOptions(DocumentRule rule, String field, Detokenizer detokenizer) {
  /**
   * Checks that all are there.
   *
   * @param rule divides a plain text into documents
   * @param field the field of a JSON line, or the column of a Parquet file, that has the text; dots
   *     lead into nested ones; without effect on plain text
   * @param detokenizer the rules applied to a text before it is encoded; {@link Detokenizer#NONE}
   *     for none
   * @throws IllegalArgumentException if a detokenizer, which undoes one row at a time, meets
   *     documents that are whole files
   * @throws NullPointerException if one is null
   */
  public DocumentOptions {
    Objects.requireNonNull(rule, "rule");
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(detokenizer, "detokenizer");
    if (detokenizer != Detokenizer.NONE && !rule.dividesFiles()) {
      throw new IllegalArgumentException(
          "a detokenizer undoes one row at a time: documents must be lines, rows or until=LINE");
    }
  }
}
