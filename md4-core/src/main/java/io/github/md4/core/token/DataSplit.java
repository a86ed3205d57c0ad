// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.token;

import static io.github.md4.core.Checks.require;

import java.util.Objects;

/**
 * The properties of a token file that are known before its first token is written.
 *
 * @param dataSet the name of the data set, as reports print it
 * @param split the name of the split: {@code train}, {@code valid} or {@code test}
 * @param tokenizer the tokenizer of which the ids are
 * @param provenance where the tokens come from
 * @param rowLength the tokens of a row where the file is packed into rows, else 0: one stream
 */
public record DataSplit(
    String dataSet, String split, Tokenizer tokenizer, Provenance provenance, int rowLength) {

  /**
   * Checks that all are there.
   *
   * @param dataSet the name of the data set, as reports print it
   * @param split the name of the split: {@code train}, {@code valid} or {@code test}
   * @param tokenizer the tokenizer of which the ids are
   * @param provenance where the tokens come from
   * @param rowLength the tokens of a row where the file is packed into rows, else 0: one stream
   * @throws NullPointerException if one is null
   * @throws IllegalArgumentException if {@code rowLength} is negative
   */
  public DataSplit {
    Objects.requireNonNull(dataSet, "dataSet");
    Objects.requireNonNull(split, "split");
    Objects.requireNonNull(tokenizer, "tokenizer");
    Objects.requireNonNull(provenance, "provenance");
    require(rowLength >= 0, "rowLength must be at least 0", rowLength);
  }

  /**
   * Makes the split of one stream.
   *
   * @param dataSet the name of the data set
   * @param split the name of the split: {@code train}, {@code valid}, {@code test}
   * @param tokenizer what made the ids, and makes text of them
   * @param provenance where the tokens come from
   */
  public DataSplit(String dataSet, String split, Tokenizer tokenizer, Provenance provenance) {
    this(dataSet, split, tokenizer, provenance, 0);
  }
}
