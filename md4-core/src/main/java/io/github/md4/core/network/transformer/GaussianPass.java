// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;
import java.util.Arrays;

/**
 * A forward pass of Gaussian diffusion: from noisy vectors to the guess of the clean tokens, by
 * {@link GaussianVectors} around the blocks.
 *
 * <p>B examples, N positions, D coordinates, W width, V tokens, R chosen rows.
 */
record GaussianPass(GaussianTransformerConfig config, TransformerPass blocks) {
  static final String TABLE = "vectors.weight";
  static final String PRODUCT = "vectors.projection.weight";
  static final String BIAS = "vectors.projection.bias";
  private static final int COLUMNS = 1;

  /**
   * Returns the outputs at chosen rows: V logits, the guess, and its squared distance to the
   * embedding of the token that is there, float32 [R, V + D + 1].
   *
   * @param firstGuess of a pass before this one, [B N, D]; zero where there was none
   */
  NDArray outputs(NDManager parent, GaussianInput input, NDArray firstGuess, NDArray rows) {
    NDManager scope = parent.newSubManager();
    try {
      GaussianVectors vectors = GaussianVectors.of(scope, input, view(scope, TABLE));
      NDArray logits = logits(scope, input, vectors.shown(config, firstGuess), rows);
      NDArray all = vectors.outputs(input, logits, rows);
      all.attach(parent);
      return all;
    } finally {
      scope.close();
    }
  }

  /** Returns the guesses of a first pass at the chosen examples, zero at others, [B N, D]. */
  NDArray firstGuess(NDManager scope, GaussianInput input, int... examples) {
    long positions = input.tokens().size();
    if (examples.length == 0) {
      return scope.zeros(new Shape(positions, config.vectorWidth()));
    }
    try (NDManager inner = scope.newSubManager()) {
      GaussianInput some = input.of(inner, examples);
      NDArray all = inner.arange(0, (int) some.tokens().size(), 1, DataType.INT64);
      NDArray none = inner.zeros(new Shape(some.tokens().size(), config.vectorWidth()));
      NDArray outputs = outputs(inner, some, none, all);
      long v = outputs.getShape().get(COLUMNS) - 1 - config.vectorWidth();
      NDArray guess = outputs.get(":, {}:{}", v, v + config.vectorWidth()); // [B' N, D]
      NDArray padded =
          NDArrays.concat(new NDList(guess, inner.zeros(new Shape(1, config.vectorWidth()))));
      long[] places = places(input, examples);
      NDArray placed = padded.get(OwnedArrays.longs(inner, places, new Shape(places.length)));
      placed.attach(scope);
      return placed;
    }
  }

  /** Returns for each position its place among those of some examples, or one behind them. */
  private static long[] places(GaussianInput input, int... examples) {
    int length = input.length();
    long[] places = new long[input.batchSize() * length];
    Arrays.fill(places, (long) examples.length * length);
    for (int i = 0; i < examples.length; i++) {
      for (int n = 0; n < length; n++) {
        places[examples[i] * length + n] = (long) i * length + n;
      }
    }
    return places;
  }

  private NDArray logits(NDManager scope, GaussianInput input, NDArray shown, NDArray rows) {
    long batchSize = input.batchSize();
    NDArray each =
        scope
            .arange(0, (int) (batchSize * input.length()), 1, DataType.INT64)
            .reshape(batchSize, input.length());
    NDArray w = view(scope, PRODUCT);
    NDArray b = view(scope, BIAS);
    return blocks.logits(
        scope,
        inner -> blocks.weights().kernels().embedOutside(inner, each, shown, w, b),
        input.condition(),
        rows);
  }

  /** Returns a parameter as an array of a scope, so that what is made of it is freed with it. */
  private NDArray view(NDManager scope, String name) {
    NDArray parameter = blocks.weights().parameters().get(name);
    NDArray view = parameter.reshape(parameter.getShape());
    view.attach(scope);
    return view;
  }
}
