// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * Gaussian diffusion before and after the blocks of its network, forward and backward, for any
 * device. The host waits for none of it.
 *
 * <p>N positions, R chosen rows of them, V tokens, D coordinates. All arrays are float32 but for
 * tokens and rows.
 */
public final class GaussianKernels implements AutoCloseable {
  private final TorchScript script;

  public GaussianKernels(NDManager parent) {
    script =
        TorchScript.load(
            parent, Map.of(), TorchScript.resource(GaussianKernels.class, "gaussian.torchscript"));
  }

  /**
   * A batch before the blocks.
   *
   * @param tokens int32 [N], V where there is a mask
   * @param added [N, D]
   * @param scales [N, 1]
   */
  public record Start(NDArray tokens, NDArray added, NDArray scales) {}

  /**
   * The vectors of a batch.
   *
   * @param e the embeddings, [V, D]
   * @param clean those of the tokens, [N, D]
   * @param z what the network is shown, [N, D]
   */
  public record Vectors(NDArray e, NDArray clean, NDArray z) {
    private NDList list() {
      return new NDList(e, clean, z);
    }
  }

  /** The gradients by the blocks' logits [R, V] and by the vectors. */
  public record Gradients(NDArray logits, Vectors vectors) {}

  /** Returns the vectors of a batch, given the table of the embeddings' directions [V, D]. */
  public Vectors vectors(NDManager scope, NDArray table, Start start) {
    NDList found =
        script.run(scope, "vectors", table, start.tokens, start.added, start.scales, root(table));
    return new Vectors(found.get(0), found.get(1), found.get(2));
  }

  /** Returns the gradient by the table, given those by the vectors. */
  public NDArray vectorsBackward(NDManager scope, NDArray table, Start start, Vectors by) {
    return script
        .run(scope, "vectorsBackward", table, by.list(), start.tokens, start.scales, root(table))
        .singletonOrThrow();
  }

  private static double root(NDArray table) {
    return Math.sqrt((double) table.getShape().get(1));
  }

  /** Returns vectors at rows, int64 [R]. */
  public Vectors chosen(NDManager scope, Vectors vectors, NDArray rows) {
    return new Vectors(
        vectors.e, chosen(scope, vectors.clean, rows), chosen(scope, vectors.z, rows));
  }

  /** Returns the rows of an array, int64 [R]. */
  public NDArray chosen(NDManager scope, NDArray x, NDArray rows) {
    return script.run(scope, "chosen", x, rows).singletonOrThrow();
  }

  /** Returns x [R, .] at its rows of an array shaped like another, which is zero elsewhere. */
  public NDArray placed(NDManager scope, NDArray like, NDArray rows, NDArray x) {
    return script.run(scope, "placed", like, rows, x).singletonOrThrow();
  }

  /**
   * Returns V logits, the guess and its squared distance, [R, V + D + 1].
   *
   * @param ofBlocks the blocks' logits, [R, V]
   * @param vectors those of the rows
   * @param evidence [R, 1]
   */
  public NDArray outputs(NDManager scope, NDArray ofBlocks, Vectors vectors, NDArray evidence) {
    return script
        .run(scope, "outputs", ofBlocks, vectors.e, vectors.clean, vectors.z, evidence)
        .singletonOrThrow();
  }

  /** Returns the gradients, given that by {@link #outputs}. */
  public Gradients outputsBackward(
      NDManager scope, NDArray gradient, NDArray outputs, Vectors vectors, NDArray evidence) {
    NDList found =
        script.run(
            scope,
            "outputsBackward",
            gradient,
            outputs,
            vectors.e,
            vectors.clean,
            vectors.z,
            evidence);
    return new Gradients(found.get(0), new Vectors(found.get(1), found.get(2), found.get(3)));
  }

  @Override
  public void close() {
    script.close();
  }
}
