// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.transformer.PointwiseKernels.GenMd4Rows;
import io.github.md4.core.internal.transformer.PointwiseKernels.GenMd4Sums;

/** The loss of GenMD4 on a GPU. */
final class CudaGenMd4Loss {
  private static final String BY_BLOCK = "genMd4ByBlock";
  private static final String BY_WARP = "genMd4ByWarp";
  private static final int LANES = 32;
  private static final int WARPS = 4;
  private static final int BLOCK_THREADS = 1024;

  /** The most columns of {@code genMd4ByWarp}, as in {@code fused.cu}. */
  private static final int WARP_COLUMNS = 512;

  private final CudaProgram program;
  private final int blocks;
  private final int warpBlocks;
  private final int sharedBytes;

  /**
   * @param sharedBytes dynamic shared memory that a kernel may use
   */
  CudaGenMd4Loss(CudaProgram program, CudaDevice device, int sharedBytes) {
    this.program = program;
    this.blocks = device.multiprocessors();
    this.warpBlocks = program.residentBlocks(BY_WARP, WARPS * LANES);
    this.sharedBytes = sharedBytes;
    program.allowSharedBytes(BY_BLOCK, sharedBytes);
  }

  /** Returns the sums of {@link PointwiseKernels#genMd4}. */
  GenMd4Sums of(NDManager scope, NDArray logits, int vocabularySize, GenMd4Rows of) {
    int rows = (int) logits.getShape().get(0);
    int stride = (int) logits.getShape().get(1);
    NDArray losses = scope.create(new Shape(rows), DataType.FLOAT32);
    NDArray sums = scope.zeros(new Shape(stride));
    boolean isNarrow = stride <= WARP_COLUMNS;
    int cachedBytes = stride * Float.BYTES <= sharedBytes ? stride * Float.BYTES : 0;
    Grid grid =
        isNarrow
            ? new Grid(Math.min((rows + WARPS - 1) / WARPS, warpBlocks), LANES, WARPS)
            : new Grid(Math.min(rows, blocks), BLOCK_THREADS, 1, cachedBytes);
    program.launch(
        isNarrow ? BY_WARP : BY_BLOCK,
        grid,
        logits,
        of.targets(),
        of.weights(),
        of.powers(),
        losses,
        sums,
        vocabularySize,
        stride,
        rows,
        Math.min(cachedBytes, 1));
    return new GenMd4Sums(losses, sums);
  }
}
