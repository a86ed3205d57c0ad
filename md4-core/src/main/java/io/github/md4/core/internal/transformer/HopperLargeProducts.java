// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.TensorMap;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Products of many rows of our own on Hopper's tensor cores, {@code large-product.cu}: where the
 * rotation, the gated activation or the next norm follows, in the same kernel, and of long sums;
 * others by another library.
 *
 * <p>N rows, x [N, in], w [out, in].
 */
final class HopperLargeProducts implements Products {
  private static final int TILE = 64;
  private static final int TILE_COLUMNS = 256;
  static final int TILE_ROWS = 128;
  static final int THREADS = 384;

  /** Tiles of x and w in all stages, results of two warpgroups, and what aligns them. */
  static final int SHARED_BYTES =
      1024 + 4 * (TILE_ROWS + TILE_COLUMNS) * 2 * TILE + 2 * TILE * 2 * TILE;

  private static final int HEAD_WIDTH = 64;

  /** The least sum of a product with nothing behind it, in which ours is the faster one. */
  private static final int LONG_SUM = 2048;

  static final String KERNEL = "largeProduct";
  static final String SOURCE =
      KernelSource.behindAttention(HopperLargeProducts.class, "large-product.cu");

  private final CudaDevice device;
  private final Nvrtc compiler;
  private final TransformerKernels.Options network;
  private final BufferPool pool;
  private final Products others;
  private final HopperProductNorms norms;
  private final Map<After, CudaProgram> programs = new EnumMap<>(After.class);

  /** What follows a product, and from how many rows on its kernel is faster. */
  private enum After {
    NOTHING(0, TILE_COLUMNS, 8192),
    ROTATION(1, TILE_COLUMNS, 8192),
    ACTIVATION(2, TILE_COLUMNS / 2, 513);

    /** The value of the constant {@code AFTER}. */
    private final int number;

    /** Columns of the results of a tile. */
    private final int columns;

    private final int leastRows;

    After(int number, int columns, int leastRows) {
      this.number = number;
      this.columns = columns;
      this.leastRows = leastRows;
    }

    boolean takes(NDArray x, NDArray w) {
      return x.getShape().get(0) >= leastRows
          && x.getShape().get(1) % TILE == 0
          && w.getShape().get(0) % TILE == 0;
    }
  }

  /**
   * @param others closed with this
   */
  HopperLargeProducts(
      CudaDevice device,
      Nvrtc compiler,
      FusedKernels.Options options,
      BufferPool pool,
      Products others) {
    this.device = device;
    this.compiler = compiler;
    this.network = options.network();
    this.pool = pool;
    this.others = others;
    this.norms = new HopperProductNorms(device, compiler, options.stream(), pool);
  }

  @Override
  public NDArray product(NDManager scope, NDArray x, NDArray w) {
    if (x.getShape().get(1) < LONG_SUM || !After.NOTHING.takes(x, w)) {
      return others.product(scope, x, w);
    }
    NDArray y = pool.columns(scope, x, (int) w.getShape().get(0));
    launch(After.NOTHING, x, w, y, Absent.ARRAY, Absent.ARRAY, 0, 1);
    return y;
  }

  @Override
  public Optional<NDArray> rotated(NDManager scope, NDArray x, NDArray w, NDList rotary) {
    if (network.headWidth() != HEAD_WIDTH || !After.ROTATION.takes(x, w)) {
      return others.rotated(scope, x, w, rotary);
    }
    NDArray y = pool.inside(scope, x, (int) w.getShape().get(0));
    int turned = (network.heads() + network.keyValueHeads()) * HEAD_WIDTH;
    int length = (int) rotary.get(0).getShape().get(0);
    launch(After.ROTATION, x, w, y, rotary.get(0), rotary.get(1), turned, length);
    return Optional.of(y);
  }

  @Override
  public Optional<NDArray> gated(NDManager scope, NDArray x, NDArray w) {
    int width = (int) w.getShape().get(0) / 2;
    if (network.activation() == Activation.GEGLU
        || !After.ACTIVATION.takes(x, w)
        || width % TILE != 0) {
      return others.gated(scope, x, w); // GELU is left to its own pass
    }
    NDArray y = pool.inside(scope, x, width);
    launch(After.ACTIVATION, x, w, y, Absent.ARRAY, Absent.ARRAY, width, 1);
    return Optional.of(y);
  }

  @Override
  public Optional<NDList> normed(NDManager scope, NDArray x, NDArray w, ResidualNorm norm) {
    return norms.normed(scope, x, w, norm).or(() -> others.normed(scope, x, w, norm));
  }

  private void launch(
      After after,
      NDArray x,
      NDArray w,
      NDArray y,
      Object cosines,
      Object sines,
      int turned,
      int length) {
    int rows = (int) x.getShape().get(0);
    int columns = (int) y.getShape().get(1);
    int tiles = parts(rows, TILE_ROWS) * parts(columns, after.columns);
    program(after)
        .launchEarly(
            KERNEL,
            new Grid(Math.min(tiles, device.multiprocessors()), THREADS, 1, SHARED_BYTES),
            new TensorMap(x, rows, TILE_ROWS),
            new TensorMap(w, (int) w.getShape().get(0), TILE_ROWS),
            y,
            cosines,
            sines,
            rows,
            columns,
            (int) x.getShape().get(1) / TILE,
            turned,
            length);
  }

  private static int parts(int whole, int part) {
    return (whole + part - 1) / part;
  }

  /** Returns the program of what follows; the others are compiled meanwhile. */
  private CudaProgram program(After after) {
    return programs.computeIfAbsent(
        after,
        wanted -> {
          for (After each : After.values()) {
            CudaProgram.prepareForHopper(compiler, device, SOURCE, constants(each));
          }
          CudaProgram program =
              CudaProgram.compileForHopper(compiler, device, SOURCE, constants(wanted));
          program.allowSharedBytes(KERNEL, SHARED_BYTES);
          return program;
        });
  }

  private Map<String, Integer> constants(After after) {
    Map<String, Integer> constants = KernelSource.withoutHeads();
    constants.put("AFTER", after.number);
    constants.put("GATE", network.activation().number);
    return constants;
  }

  @Override
  public void close() {
    programs.values().forEach(CudaProgram::close);
    norms.close();
    others.close();
  }
}
