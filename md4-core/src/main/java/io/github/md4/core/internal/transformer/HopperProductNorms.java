// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.TensorMap;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Products of many rows with the residual sum and the next norm in one kernel, the last form of
 * {@code large-product.cu}. The blocks of a cluster have the same rows and tell each other their
 * moments.
 *
 * <p>N rows, x [N, in], w [D, in].
 */
final class HopperProductNorms implements AutoCloseable {
  private static final int STEP = 64;

  /** The number of the kernel's form. */
  private static final int AFTER = 3;

  /** With fewer rows multiprocessors would be idle. */
  private static final int LEAST_ROWS = 8192;

  /** The rows of a tile then belong to two examples at most. */
  private static final int LEAST_LENGTH = HopperLargeProducts.TILE_ROWS;

  /** Those of a warp belong to one example. */
  private static final int WARP_ROWS = 16;

  private final CudaDevice device;
  private final Nvrtc compiler;
  private final Precision stream;
  private final BufferPool pool;
  private final Map<Form, Kernel> kernels = new HashMap<>();

  /**
   * How a row is divided.
   *
   * @param across the columns of a block
   * @param blocks of a row, the size of a cluster
   */
  private record Form(int across, int blocks) {
    private static final List<Form> ALL =
        List.of(
            new Form(384, 2),
            new Form(384, 4),
            new Form(256, 1),
            new Form(256, 2),
            new Form(256, 4));

    private int width() {
      return across * blocks;
    }

    static Optional<Form> of(long width) {
      return ALL.stream().filter(form -> form.width() == width).findFirst();
    }
  }

  /** A kernel and the number of its blocks that run at once. */
  private record Kernel(CudaProgram program, int blocks) {}

  HopperProductNorms(CudaDevice device, Nvrtc compiler, Precision stream, BufferPool pool) {
    this.device = device;
    this.compiler = compiler;
    this.stream = stream;
    this.pool = pool;
  }

  /**
   * Returns what {@link Products#normed} says; empty for few rows, other lengths and other widths.
   */
  Optional<NDList> normed(NDManager scope, NDArray x, NDArray w, Products.ResidualNorm norm) {
    boolean fits =
        x.getShape().get(0) >= LEAST_ROWS
            && x.getShape().get(1) % STEP == 0
            && norm.length() >= LEAST_LENGTH
            && norm.length() % WARP_ROWS == 0
            && norm.h().getShape().get(0) == x.getShape().get(0);
    return fits
        ? Form.of(w.getShape().get(0)).map(form -> normed(scope, kernel(form), x, w, norm))
        : Optional.empty();
  }

  private NDList normed(
      NDManager scope, Kernel kernel, NDArray x, NDArray w, Products.ResidualNorm norm) {
    int rows = (int) x.getShape().get(0);
    int width = (int) w.getShape().get(0);
    NDList made = pool.residualBuffers(scope, norm.h(), x, rows);
    NDArray next = made.get(0);
    NDArray input = made.get(1);
    kernel.program.launchEarly(
        HopperLargeProducts.KERNEL,
        grid(kernel.blocks),
        new TensorMap(x, rows, HopperLargeProducts.TILE_ROWS),
        new TensorMap(w, width, HopperLargeProducts.TILE_ROWS),
        input,
        Absent.ARRAY,
        Absent.ARRAY,
        rows,
        width,
        (int) x.getShape().get(1) / STEP,
        0,
        norm.length(),
        map(norm.h(), rows),
        norm.gates(),
        (int) norm.gates().getShape().get(1),
        norm.gate(),
        norm.vectors(),
        (int) norm.vectors().getShape().get(1),
        norm.shift(),
        next,
        norm.examples());
    return new NDList(next, input);
  }

  private TensorMap map(NDArray h, int rows) {
    return stream == Precision.FLOAT32
        ? TensorMap.ofFloats(h, rows, HopperLargeProducts.TILE_ROWS)
        : new TensorMap(h, rows, HopperLargeProducts.TILE_ROWS);
  }

  private static Grid grid(int blocks) {
    return new Grid(blocks, HopperLargeProducts.THREADS, 1, HopperLargeProducts.SHARED_BYTES);
  }

  private Kernel kernel(Form form) {
    return kernels.computeIfAbsent(form, this::compiled);
  }

  private Kernel compiled(Form form) {
    Map<String, Integer> constants = KernelSource.withoutHeads();
    constants.put("AFTER", AFTER);
    constants.put("GATE", 0);
    constants.put("ACROSS", form.across);
    constants.put("BLOCKS", form.blocks);
    constants.put("WIDE", stream == Precision.FLOAT32 ? 1 : 0);
    CudaProgram program =
        CudaProgram.compileForHopper(compiler, device, HopperLargeProducts.SOURCE, constants);
    program.allowSharedBytes(HopperLargeProducts.KERNEL, HopperLargeProducts.SHARED_BYTES);
    return new Kernel(program, residentBlocks(program, form));
  }

  private int residentBlocks(CudaProgram program, Form form) {
    int blocks = device.multiprocessors() / form.blocks * form.blocks;
    return form.blocks == 1
        ? blocks
        : program.residentClusters(HopperLargeProducts.KERNEL, grid(blocks)) * form.blocks;
  }

  @Override
  public void close() {
    kernels.values().forEach(kernel -> kernel.program.close());
  }
}
