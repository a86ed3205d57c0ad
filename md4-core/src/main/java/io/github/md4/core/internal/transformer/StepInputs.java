// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Optional;

/** The inputs of steps of a size on the device, and what {@link StepKernels} keeps beside them. */
public final class StepInputs {
  final StepSize size;
  final NDArray turns;
  final NDArray law;
  final NDArray u;
  final NDArray noise;
  final NDArray stay;
  final NDArray least;
  final NDArray tokenRanks;
  final NDArray weights;
  final NDArray revealed;
  final NDArray ranks;
  final NDArray tokens;
  final NDArray longRows;
  final NDArray rows;
  final NDArray starts;
  final NDArray zt;
  private final NDArray allStarts;

  /**
   * Makes arrays that belong to {@code scope}.
   *
   * @param vocabularySize V
   */
  public StepInputs(NDManager scope, StepSize size, int vocabularySize) {
    int examples = size.shownExamples();
    int rows = size.shownRows();
    this.size = size;
    this.turns = scope.zeros(new Shape(3), DataType.INT32);
    this.law = scope.create(new Shape(StepKernels.LAW + 1), DataType.FLOAT64);
    this.u = scope.create(new Shape(size.rows()), DataType.FLOAT64);
    this.noise = scope.create(new Shape(size.rows()), DataType.FLOAT64);
    this.stay = scope.create(new Shape(size.examples()), DataType.INT32);
    this.least = scope.create(new Shape(size.rows()), DataType.INT32);
    this.tokenRanks = scope.zeros(new Shape(vocabularySize), DataType.INT32);
    this.weights = scope.zeros(new Shape(size.positions()), DataType.FLOAT64);
    this.revealed = scope.create(new Shape(size.rows()), DataType.FLOAT64);
    this.ranks = scope.create(new Shape(size.rows()), DataType.INT64);
    this.tokens = scope.create(new Shape(size.rows()), DataType.INT32);
    this.longRows = scope.create(new Shape(rows), DataType.INT64);
    this.rows = scope.create(new Shape(rows), DataType.INT32);
    this.starts = scope.create(new Shape(examples + 1), DataType.INT32);
    int[] all = new int[examples + 1];
    Arrays.setAll(all, b -> b * size.length());
    this.allStarts = scope.create(all);
    this.zt = scope.create(new Shape(examples, size.length()), DataType.INT64);
  }

  /** Returns all positions as rows. */
  public Rows all() {
    return new Rows(
        size.shownExamples(), size.length(), size.shownPositions(), allStarts, Optional.empty());
  }

  /** Returns the asked rows. */
  public Rows asked() {
    return size.rows() == size.positions()
        ? all()
        : new Rows(
            size.shownExamples(),
            size.length(),
            size.shownRows(),
            starts,
            Optional.of(new Rows.Chosen(longRows, rows)));
  }

  /** Returns the ranks of tokens that {@link KeptTokens} compares, int32 [V]. */
  public NDArray tokenRanks() {
    return tokenRanks;
  }

  /** Returns the tokens of the examples of all views, int64 [B, N]. */
  public NDArray zt() {
    return zt;
  }

  /** Returns the asked rows of all views as flat positions, int64 [S R]. */
  public NDArray positions() {
    return longRows;
  }
}
