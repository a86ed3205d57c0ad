// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.OwnedArrays;

/**
 * The vectors of Gaussian diffusion before and after the blocks.
 *
 * <pre>{@code
 * z_n = scale e(token_n) + added_n
 * logits_n = blocks(z)_n + scale / (1 - scale^2) z_n . e
 * guess_n = sum_v softmax(logits_n)_v e(v)
 * }</pre>
 *
 * <p>The second term of the logits is the evidence of the vector itself under even odds of all
 * tokens, which the blocks need not learn. Embeddings have D coordinates and the squared length D,
 * that of the mask is zero.
 *
 * <p>B examples, N positions, D coordinates, V tokens, R chosen rows.
 *
 * @param e the embeddings, [V, D]
 * @param clean those of the tokens, [B N, D]
 * @param z what the network is shown, [B N, D]
 */
record GaussianVectors(NDArray e, NDArray clean, NDArray z) {
  private static final int COLUMNS = 1;
  private static final int[] COLUMN = {COLUMNS};

  /** Returns the vectors of a batch, given the table of the embeddings' directions [V, D]. */
  static GaussianVectors of(NDManager scope, GaussianInput input, NDArray table) {
    long d = table.getShape().get(COLUMNS);
    NDArray length = table.square().sum(COLUMN, true).sqrt(); // [V, 1]
    NDArray e = OwnedArrays.times(table.div(length), Math.sqrt((double) d)); // [V, D]
    NDArray mask = scope.zeros(new Shape(1, d));
    NDArray clean = NDArrays.concat(new NDList(e, mask)).get(input.tokens());
    return new GaussianVectors(e, clean, clean.mul(input.scales()).add(input.added()));
  }

  /** Returns the blocks' input: the vectors, then a first guess where the network is shown one. */
  NDArray shown(GaussianTransformerConfig config, NDArray firstGuess) {
    return config.selfConditioning() > 0 ? NDArrays.concat(new NDList(z, firstGuess), COLUMNS) : z;
  }

  /**
   * Returns V logits, the guess, and its squared distance to the embedding of the token that is
   * there, float32 [R, V + D + 1].
   *
   * @param ofBlocks the blocks' logits, [R, V]
   */
  NDArray outputs(GaussianInput input, NDArray ofBlocks, NDArray rows) {
    NDArray evidence = z.mul(input.evidence()).get(rows).matMul(e.transpose()); // [R, V]
    NDArray logits = ofBlocks.add(evidence);
    NDArray guess = logits.softmax(COLUMNS).matMul(e); // [R, D]
    NDArray distance = clean.get(rows).sub(guess).square().sum(COLUMN, true); // [R, 1]
    return NDArrays.concat(new NDList(logits, guess, distance), COLUMNS);
  }
}
