// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.FusedKernels.Branch;
import io.github.md4.core.internal.transformer.FusedKernels.BranchNorm;
import io.github.md4.core.internal.transformer.FusedKernels.Modulated;
import java.util.Optional;

/**
 * The further kernels of a forward pass with frozen weights, whose tokens and rows are already on
 * the device.
 */
public final class FusedInferenceKernels {
  private final FusedKernels kernels;

  FusedInferenceKernels(FusedKernels kernels) {
    this.kernels = kernels;
  }

  /**
   * Begins a block or the head: from here on its results overwrite those of the block before, whose
   * stream and output it reads first.
   */
  public void begin() {
    if (kernels.bufferPool() instanceof BufferPool.Reused reused) {
      reused.rewind();
    }
  }

  /**
   * Returns a number that changes when memory moved that earlier calls used, so that what was
   * recorded of them is no longer valid.
   */
  public int generation() {
    return kernels.bufferPool() instanceof BufferPool.Reused reused ? reused.generation() : 0;
  }

  /** Returns a stream to record forward passes on; empty where that was not tried. */
  public Optional<RecordingStream> recordingStream() {
    return kernels.recordingStream();
  }

  /** Runs {@code what}, which uploads at most {@code bytes} bytes. */
  public void upload(long bytes, Runnable what) {
    kernels.upload().begin(bytes);
    what.run();
    kernels.upload().end();
  }

  /** Returns all positions of a batch as rows, on the device of {@code like}. */
  public Rows allRows(NDManager scope, NDArray like, int examples, int length) {
    NDArray starts = kernels.one(scope, "allStarts", like, examples, length);
    return new Rows(examples, length, examples * length, starts, Optional.empty());
  }

  /**
   * Returns the chosen rows.
   *
   * @param rows flat positions in ascending order, int64 [R]
   */
  public Rows chosenRows(NDManager scope, NDArray rows, Rows all) {
    int count = Math.toIntExact(rows.size());
    if (count == all.count()) {
      return all;
    }
    NDArray starts = kernels.one(scope, "rowStarts", rows, all.examples(), all.length());
    Rows.Chosen chosen = new Rows.Chosen(rows, kernels.one(scope, "narrow", rows));
    return new Rows(all.examples(), all.length(), count, starts, Optional.of(chosen));
  }

  /** Returns an array for rows of a table [., D] in the stream's type, [rows, D]. */
  public Hidden stream(NDManager scope, Hidden table, int rows) {
    int columns = (int) table.array.getShape().get(1);
    int type = kernels.stream().scalarType;
    return new Hidden(kernels.one(scope, "rows", table.array, rows, columns, type));
  }

  /** Returns the rows of a table at tokens int64 [B, N]: [B N, D]. */
  public Hidden embed(NDManager scope, NDArray zt, Hidden table) {
    return new Hidden(kernels.run(scope, "embed", zt.flatten(), table.array).get(0));
  }

  /**
   * The product {@code x w^T} that a branch ends with, before it is made, and the branch's gate.
   *
   * @param x [N, in]
   * @param gate its index in the modulation
   */
  public record Ending(Hidden x, Hidden w, Modulation modulation, int gate) {}

  /**
   * The stream after a branch, and the input of the next one.
   *
   * @param stream [N, D]
   * @param input [N, D]
   */
  public record Joined(Hidden stream, Hidden input) {}

  /**
   * Ends a branch and begins the next: adds the gated product to the stream, normalises and
   * modulates, in one kernel where there is such a one.
   *
   * @param h [N, D], or all positions where the norm is at chosen rows
   */
  public Joined join(NDManager scope, Hidden h, Ending ending, BranchNorm norm) {
    return inOne(scope, h, ending, norm)
        .orElseGet(
            () -> {
              Hidden y = kernels.product(scope, ending.x, ending.w);
              Branch branch = new Branch(y, ending.modulation, ending.gate);
              Modulated made = kernels.residualNormModulate(scope, h, Optional.of(branch), norm);
              return new Joined(made.stream(), made.input());
            });
  }

  private Optional<Joined> inOne(NDManager scope, Hidden h, Ending ending, BranchNorm norm) {
    if (norm.rows().isChosen()) {
      return Optional.empty();
    }
    Products.ResidualNorm behind =
        new Products.ResidualNorm(
            h.array,
            ending.modulation.vectors.values(),
            ending.modulation.first + ending.gate,
            norm.modulation().vectors.values(),
            norm.modulation().first + norm.shift(),
            norm.rows().examples(),
            norm.rows().length());
    return kernels
        .products()
        .flatMap(own -> own.normed(scope, ending.x.array, ending.w.array, behind))
        .map(made -> new Joined(new Hidden(made.get(0)), new Hidden(made.get(1))));
  }

  /** Returns the first V columns of the head's product, float32 [R, V]. */
  public NDArray logits(NDManager scope, Hidden padded, int vocabularySize) {
    return kernels.one(scope, "logits", padded.array, vocabularySize);
  }
}
