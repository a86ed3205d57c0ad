// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import java.util.Optional;

/** The kernels of the embedding, forward and backward. */
public final class FusedEmbeddingKernels {
  private final FusedKernels kernels;
  private final boolean hasDropout;

  FusedEmbeddingKernels(FusedKernels kernels, boolean hasDropout) {
    this.kernels = kernels;
    this.hasDropout = hasDropout;
  }

  /** The embedded tokens, and the mask of their dropout if there is one. */
  public record Embedded(Hidden stream, Optional<NDArray> mask) {}

  /** Returns the form of the table that has the residual stream's type. */
  public Hidden table(NDArray exact, Hidden copy) {
    return kernels.stream() == Precision.FLOAT32 ? new Hidden(exact) : copy;
  }

  /** Returns the rows of a table [V + 1, D], float32 or not, at the tokens of all positions. */
  public Embedded embed(NDManager scope, FusedUploads.Batch batch, Hidden table) {
    NDArray tokens = batch.runs().zt();
    if (!hasDropout) {
      NDArray narrow = kernels.one(scope, "asStream", table.array);
      Optional<NDArray> own = kernels.pointwise().rowsAt(scope, narrow, tokens, kernels.stream());
      if (own.isPresent()) {
        return new Embedded(new Hidden(own.get()), Optional.empty());
      }
    }
    NDList made = kernels.run(scope, "embed", tokens, table.array);
    return new Embedded(
        new Hidden(made.get(0)), made.size() > 1 ? Optional.of(made.get(1)) : Optional.empty());
  }

  /** Returns the gradient by the table, float32 [V + 1, D]. */
  public NDArray embedBackward(
      NDManager scope, Hidden gradient, Embedded embedded, FusedUploads.Batch batch, int tokens) {
    NDArray dh =
        embedded
            .mask
            .map(mask -> kernels.one(scope, "dropBackward", gradient.array, mask))
            .orElse(gradient.array);
    return kernels.pointwise().sumByToken(scope, dh, batch.runs(), tokens);
  }

  /** Returns the table [V + 1, D] of an embedding and the product after it, all float32. */
  public Hidden outsideTable(NDManager scope, NDArray table, NDArray w, NDArray b) {
    return new Hidden(kernels.one(scope, "outsideTable", table, w, b));
  }

  /** Writes the gradients by table, w and b, given the gradient by {@link #outsideTable}. */
  public void outsideTableBackward(
      NDManager scope, NDArray gradient, NDList tableAndW, Hidden[] into) {
    kernels.change(
        scope,
        "outsideTableBackward",
        gradient,
        tableAndW.get(0),
        tableAndW.get(1),
        Hidden.arrays(into));
  }

  /** Returns vectors, float32 [N, .], as the residual stream, {@code x w^T + b}. */
  public Hidden project(NDManager scope, NDArray x, NDArray w, NDArray b) {
    return new Hidden(kernels.one(scope, "project", x, w, b));
  }

  /** Returns the gradients by x, float32, w and b, given that by {@link #project}. */
  public NDList projectBackward(NDManager scope, Hidden dh, NDArray x, NDArray w) {
    return kernels.run(scope, "projectBackward", dh.array, x, w);
  }

  /** Copies a gradient. */
  public void write(NDManager scope, NDArray gradient, Hidden into) {
    kernels.change(scope, "copyInto", gradient, into.array);
  }
}
