// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

/**
 * What was drawn for the positions of a question, in their order: a part of all that a call drew.
 *
 * @param drawn tokens, probabilities, scores, [3, rows]
 * @param first the row of the question's first position
 */
record Draws(double[] drawn, int rows, int first) {

  int token(int row) {
    return (int) drawn[first + row];
  }

  double probability(int row) {
    return drawn[rows + first + row];
  }

  double score(int row) {
    return drawn[2 * rows + first + row];
  }
}
