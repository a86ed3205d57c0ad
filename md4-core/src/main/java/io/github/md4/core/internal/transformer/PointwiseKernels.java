// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.loss.Logits;
import java.util.Optional;

/**
 * The pointwise kernels between the products of a transformer's hand-written forward and backward.
 * Each reads and writes its data once.
 *
 * <p>N rows, B examples, D width, F hidden width of the feed-forward, k vectors of a modulation.
 * Results belong to {@code scope}.
 */
interface PointwiseKernels extends AutoCloseable {

  /**
   * The vectors that modulate a layer, by example, and the sums of their gradient.
   *
   * @param values [B, k, D]; {@code sums}, float32 [B, k, D], if there is a backward
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
   * The output of a branch with its gate.
   *
   * @param x [N, D]
   */
  record GatedBranch(NDArray x, Vectors vectors, int gate) {}

  /** A LayerNorm, modulated by the vector {@code shift} and the scale after it. */
  record Norm(Rows rows, Vectors vectors, int shift) {}

  /**
   * The result of {@link #residualNormModulate}.
   *
   * @param stream the residual stream [N, D]
   * @param input of the branch [N, D]
   * @param saved what the backward needs besides, as mean and reciprocal deviation of each row
   * @param rowsBefore the number of rows of the stream before: N, or all positions
   */
  record ModulatedRows(NDArray stream, NDArray input, NDList saved, long rowsBefore) {}

  /** Returns {@code h + gate * x} and its modulated LayerNorm; h has N rows or all positions. */
  ModulatedRows residualNormModulate(
      NDManager scope, NDArray h, Optional<GatedBranch> before, Norm norm);

  /**
   * The gradients by the results of {@link #residualNormModulate}: by the input [N, D], and by the
   * stream where it is read further on.
   */
  record OutputGradients(NDArray input, Optional<NDArray> stream) {}

  /**
   * The gradients by the inputs of {@link #residualNormModulate}.
   *
   * @param stream the gradient by the stream before, [rowsBefore, D]
   * @param branch the gradient by the output of the branch before [N, D]
   */
  record InputGradients(NDArray stream, Optional<NDArray> branch) {}

  /**
   * Returns the gradients by the inputs of {@link #residualNormModulate}, and adds to the gradients
   * of the vectors.
   */
  InputGradients residualNormModulateBackward(
      NDManager scope,
      OutputGradients output,
      ModulatedRows modulated,
      Optional<GatedBranch> before,
      Norm norm);

  /** Rotates queries and keys in place, qkv [N, (H + 2 K) W]; cosines and sines [L, 1, W / 2]. */
  void rotate(NDArray qkv, NDList rotary, int length);

  /**
   * Returns rows of x, [R, columns]; empty where that is left to libtorch.
   *
   * @param x contiguous, its columns a multiple of 8
   * @param rows int32 [R], of any order, also several times the same
   * @param type of x
   */
  default Optional<NDArray> rowsAt(NDManager scope, NDArray x, NDArray rows, Precision type) {
    return Optional.empty();
  }

  /** The passes around attention of chosen queries. */
  interface ChosenRows {

    /** Rotates keys in place, qkv [N, (H + 2 K) W]. */
    void rotateKeys(NDArray qkv, NDList rotary, int length);

    /** Rotates queries q [R, H W] of chosen rows in place, by the rows' positions. */
    void rotateQueries(NDArray q, NDList rotary, Rows rows);

    /** Adds x [R, D] to the chosen rows of y [N, D]. */
    void addRows(NDArray x, Rows rows, NDArray y);
  }

  /** Returns the passes around attention of chosen queries; empty where there are none. */
  default Optional<ChosenRows> chosenRows() {
    return Optional.empty();
  }

  /**
   * Returns the gradient [N, (H + 2 K) W] by queries, keys and values, from the gradients by
   * rotated queries [N, H W], rotated keys and values [N, K W].
   */
  NDArray rotateBackward(NDManager scope, NDList gradients, NDList rotary, int length);

  /** Returns {@code value * activation(gate)} [N, F], u [N, 2 F]. */
  NDArray gatedActivation(NDManager scope, NDArray u);

  /** Returns the gradient by u, which may take the place of u. */
  NDArray gatedActivationBackward(NDManager scope, NDArray dg, NDArray u);

  /** Returns the sums of a gradient's rows [N, D] by token, float32 [tokens, D]. */
  NDArray sumByToken(NDManager scope, NDArray dh, TokenRuns runs, int tokens);

  /**
   * Returns the cross-entropy of each row in nats, float32 [N], and overwrites the logits with its
   * gradient times the row's weight.
   *
   * @param logits [N, columns], of which the first {@code vocabularySize} count
   * @param targets int32 [N]; {@code weights}, float32 [N]
   */
  NDArray crossEntropy(
      NDManager scope, NDArray logits, int vocabularySize, NDArray targets, NDArray weights);

  /**
   * The targets and weights of rows, and the power of each token.
   *
   * @param targets int32 [N]; {@code weights}, float32 [N]
   * @param powers float32 [columns], zero beyond the vocabulary
   */
  record GenMd4Rows(NDArray targets, NDArray weights, NDArray powers) {}

  /**
   * The losses of rows in GenMD4, and the gradient by the powers.
   *
   * @param losses float32 [N]
   * @param byPower float32 [columns]
   */
  record GenMd4Sums(NDArray losses, NDArray byPower) {}

  /**
   * Returns the losses of GenMD4, and overwrites the logits like {@link #crossEntropy}; {@link
   * Logits#genMd4} has the formulas.
   */
  GenMd4Sums genMd4(NDManager scope, NDArray logits, int vocabularySize, GenMd4Rows rows);

  /** Updates parameters, moments and average, and writes the parameters' copy for products. */
  void update(
      OptimizerKernels.Trained trained,
      FlatArrays gradient,
      FlatArrays copy,
      OptimizerKernels.Numbers numbers);

  @Override
  void close();
}
