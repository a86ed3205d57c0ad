// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Logits;
import io.github.md4.core.internal.torch.OptimizerKernels;
import java.util.Optional;

/**
 * What stands between the products of a transformer's hand-written forward and backward, one pass
 * over the data each.
 *
 * <p>N rows, B examples, D width, F hidden width of the feed-forward, k vectors of a modulation.
 * Results belong to {@code scope}.
 */
interface PointwiseKernels extends AutoCloseable {

  /**
   * The vectors by which the examples modulate a layer, and where their gradient is summed.
   *
   * @param values [B, k, D]; {@code sums}, float32 [B, k, D], where there is a backward
   */
  record Vectors(NDArray values, Optional<NDArray> sums) {
    int count() {
      return Math.toIntExact(values.getShape().get(1));
    }

    NDArray gradients() {
      return sums.orElseThrow();
    }
  }

  /**
   * The output of a branch with the vector that gates it.
   *
   * @param x [N, D]
   */
  record GatedBranch(NDArray x, Vectors vectors, int gate) {}

  /** Where a branch begins: LayerNorm with the vector {@code shift} and the scale next to it. */
  record Norm(Rows rows, Vectors vectors, int shift) {}

  /**
   * What {@link #residualNormModulate} gives.
   *
   * @param stream the residual stream [N, D]
   * @param input of the branch [N, D]
   * @param moments mean and reciprocal deviation of each row, float32 [N, 2]
   * @param rowsBefore how many rows the stream had before: N, or all positions
   */
  record ModulatedRows(NDArray stream, NDArray input, NDArray moments, long rowsBefore) {}

  /** Returns {@code h + gate * x} and its modulated LayerNorm; h has N rows or all positions. */
  ModulatedRows residualNormModulate(
      NDManager scope, NDArray h, Optional<GatedBranch> before, Norm norm);

  /** The gradient by an entry's input [N, D], and by its stream where that is read further on. */
  record OutputGradients(NDArray input, Optional<NDArray> stream) {}

  /**
   * What {@link #residualNormModulateBackward} gives.
   *
   * @param stream the gradient by the stream before, [rowsBefore, D]
   * @param branch the gradient by the output of the branch before [N, D]
   */
  record InputGradients(NDArray stream, Optional<NDArray> branch) {}

  /** The backward of {@link #residualNormModulate}; adds to the gradients of the vectors. */
  InputGradients residualNormModulateBackward(
      NDManager scope,
      OutputGradients output,
      ModulatedRows modulated,
      Optional<GatedBranch> before,
      Norm norm);

  /** Rotates queries and keys in place, qkv [N, (H + 2 K) W]; cosines and sines [L, 1, W / 2]. */
  void rotate(NDArray qkv, NDList rotary, int length);

  /**
   * Returns the gradient [N, (H + 2 K) W] from those by rotated queries [N, H W] and keys and by
   * values [N, K W].
   */
  NDArray rotateBackward(NDManager scope, NDList gradients, NDList rotary, int length);

  /** Returns {@code value * activation(gate)} [N, F], u [N, 2 F]. */
  NDArray gatedActivation(NDManager scope, NDArray u);

  /** Puts the gradient by u in the place of u. */
  void gatedActivationBackward(NDArray dg, NDArray u);

  /** Returns the sums of a gradient's rows [N, D] by token, float32 [tokens, D]. */
  NDArray sumByToken(NDManager scope, NDArray dh, TokenRuns runs, int tokens);

  /**
   * Returns the cross-entropy of each row in nats, float32 [N], and puts its gradient times the
   * row's weight in the place of the logits.
   *
   * @param logits [N, columns], of which the first {@code vocabularySize} count
   * @param targets int32 [N]; {@code weights}, float32 [N]
   */
  NDArray crossEntropy(
      NDManager scope, NDArray logits, int vocabularySize, NDArray targets, NDArray weights);

  /**
   * What is known of rows where each token has a power.
   *
   * @param targets int32 [N]; {@code weights}, float32 [N]
   * @param powers float32 [columns], zero where the columns do not count
   */
  record GenMd4Rows(NDArray targets, NDArray weights, NDArray powers) {}

  /**
   * Rows where each token has a power.
   *
   * @param losses what each counts, float32 [N]
   * @param byPower float32 [columns]
   */
  record GenMd4Sums(NDArray losses, NDArray byPower) {}

  /**
   * As {@link #crossEntropy}, where each token has a power; {@link Logits#genMd4} has the formulas.
   */
  GenMd4Sums genMd4(NDManager scope, NDArray logits, int vocabularySize, GenMd4Rows rows);

  /** Moves parameters, moments and average, and writes the copy in which products read them. */
  void update(
      OptimizerKernels.Trained trained,
      FlatArrays gradient,
      FlatArrays copy,
      OptimizerKernels.Numbers numbers);

  @Override
  void close();
}
