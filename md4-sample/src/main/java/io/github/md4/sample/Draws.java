// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * The tokens drawn for the positions of a query, in their order: a part of all draws of a call.
 *
 * @param drawn tokens, probabilities, confidences, [3, rows]
 * @param first the row of the query's first position
 */
record Draws(double[] drawn, int rows, int first) {

  int token(int row) {
    return (int) drawn[first + row];
  }

  double probability(int row) {
    return drawn[rows + first + row];
  }

  double confidence(int row) {
    return drawn[2 * rows + first + row];
  }
}
