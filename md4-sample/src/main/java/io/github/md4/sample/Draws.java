// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * The tokens drawn for the positions of a query, in their order: a part of all draws of a call.
 *
 * @param drawn tokens, probabilities, confidences, [3, rows]
 * @param first the row of the query's first position
 */
record Draws(double[] drawn, int rows, int first) {

  /**
   * Returns the token of a row.
   *
   * @throws NoDistributionException if the network gave none from which to draw
   */
  int token(int row) {
    int token = (int) drawn[first + row];
    if (token < 0) {
      throw new NoDistributionException();
    }
    return token;
  }

  double probability(int row) {
    return drawn[rows + first + row];
  }

  double confidence(int row) {
    return drawn[2 * rows + first + row];
  }
}
