// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

/**
 * The tokens drawn for the R positions of a query, in their order: a part of all draws of a call.
 *
 * @param drawn tokens, probabilities, confidences, and the coordinates of guesses where the
 *     procedure asks for them, [3 + D][rows], row by row; not copied
 * @param rows the number of positions of the whole call
 * @param first the row of the query's first position in the call
 */
public record Draws(double[] drawn, int rows, int first) {

  /**
   * {@return these draws from a row on}
   *
   * @param row the number of rows left out
   */
  public Draws from(int row) {
    return new Draws(drawn, rows, first + row);
  }

  /** Returns the tokens, probabilities and confidences of some rows alone. */
  Draws at(int[] some) {
    double[] own = new double[3 * some.length];
    for (int r = 0; r < some.length; r++) {
      own[r] = drawn[first + some[r]];
      own[some.length + r] = drawn[rows + first + some[r]];
      own[2 * some.length + r] = drawn[2 * rows + first + some[r]];
    }
    return new Draws(own, some.length, 0);
  }

  /**
   * {@return the token drawn for a position of the query, in [0, V)}
   *
   * @param row the position's place in the query, in [0, R)
   * @throws NoDistributionException if the network gave none from which to draw
   */
  public int token(int row) {
    int token = (int) drawn[first + row];
    if (token < 0) {
      throw new NoDistributionException();
    }
    return token;
  }

  /**
   * {@return the probability of that token under the network, in [0, 1]}
   *
   * @param row the position's place in the query, in [0, R)
   */
  public double probability(int row) {
    return drawn[rows + first + row];
  }

  /**
   * {@return the network's confidence at the position, of the kind that the procedure asks for: the
   * larger, the surer}
   *
   * @param row the position's place in the query, in [0, R)
   */
  public double confidence(int row) {
    return drawn[2 * rows + first + row];
  }

  /**
   * {@return a coordinate of the network's guess of the clean vector there}
   *
   * @param row the position's place in the query, in [0, R)
   * @param coordinate the coordinate of the vector, in [0, D)
   */
  public double guess(int row, int coordinate) {
    return drawn[(3 + coordinate) * rows + first + row];
  }
}
