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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Products of few rows of our own on Hopper's tensor cores, {@code product.cu}, with the rotation
 * or the gated activation that follows in the same kernel; of more rows, by others.
 *
 * <p>N rows, x [N, in], w [out, in].
 */
final class HopperProducts implements Products {
  /** With more rows cuBLAS is faster. */
  private static final int MOST_ROWS = 512;

  /** With more tiles a multiprocessor, weights are read too often. */
  private static final int MOST_TILES = 8;

  private static final int TILE = 64;
  private static final int WEIGHT_ROWS = 32;
  private static final int THREADS = 160;
  private static final int SHARED_BYTES = 1024 + 6 * 2 * 8192;
  private static final int HEAD_WIDTH = 64;
  private static final int[] PARTS = {4, 2};

  /** The least tiles of a part: with less the exchange of sums takes longer than it saves. */
  private static final int LEAST_STEPS = 8;

  private static final String KERNEL = "product";

  private final CudaDevice device;
  private final Nvrtc compiler;
  private final TransformerKernels.Options network;
  private final BufferPool pool;
  private final Products others;
  private final int multiprocessors;
  private final Map<Form, CudaProgram> programs = new HashMap<>();

  /** What follows a product. */
  private enum After {
    NOTHING(0),
    ROTATION(1),
    ACTIVATION(2);

    /** The value of the constant {@code AFTER}. */
    private final int number;

    After(int number) {
      this.number = number;
    }
  }

  /**
   * The form of a kernel.
   *
   * @param parts of a sum, each added up by a block
   */
  private record Form(After after, int parts) {}

  /**
   * @param others closed with this
   */
  HopperProducts(
      CudaDevice device,
      Nvrtc compiler,
      TransformerKernels.Options network,
      BufferPool pool,
      Products others) {
    this.device = device;
    this.compiler = compiler;
    this.network = network;
    this.pool = pool;
    this.others = others;
    this.multiprocessors = device.multiprocessors();
  }

  private boolean takes(NDArray x, NDArray w) {
    return x.getShape().get(0) <= MOST_ROWS
        && tiles(x, (int) w.getShape().get(0) / TILE) <= MOST_TILES * multiprocessors
        && x.getShape().get(1) % TILE == 0
        && w.getShape().get(0) % TILE == 0;
  }

  @Override
  public NDArray product(NDManager scope, NDArray x, NDArray w) {
    if (!takes(x, w)) {
      return others.product(scope, x, w);
    }
    int out = (int) w.getShape().get(0);
    NDArray y = pool.columns(scope, x, out);
    int tiles = tiles(x, out / TILE);
    launch(new Form(After.NOTHING, parts(tiles, x)), tiles, x, w, y, Absent.ARRAY, Absent.ARRAY, 0);
    return y;
  }

  @Override
  public Optional<NDArray> rotated(NDManager scope, NDArray x, NDArray w, NDList rotary) {
    if (network.headWidth() != HEAD_WIDTH || !takes(x, w)) {
      return others.rotated(scope, x, w, rotary);
    }
    int out = (int) w.getShape().get(0);
    NDArray y = pool.inside(scope, x, out);
    int turned = (network.heads() + network.keyValueHeads()) * HEAD_WIDTH;
    Form form = new Form(After.ROTATION, 1);
    launch(form, tiles(x, out / TILE), x, w, y, rotary.get(0), rotary.get(1), turned);
    return Optional.of(y);
  }

  @Override
  public Optional<NDArray> gated(NDManager scope, NDArray x, NDArray w) {
    if (network.activation() == Activation.GEGLU || !takes(x, w)) {
      return others.gated(scope, x, w); // GELU is left to its own pass
    }
    int width = (int) w.getShape().get(0) / 2;
    NDArray y = pool.inside(scope, x, width);
    Form form = new Form(After.ACTIVATION, 1);
    launch(form, tiles(x, width / WEIGHT_ROWS), x, w, y, Absent.ARRAY, Absent.ARRAY, width);
    return Optional.of(y);
  }

  @Override
  public Optional<NDList> normed(NDManager scope, NDArray x, NDArray w, ResidualNorm norm) {
    return others.normed(scope, x, w, norm);
  }

  private static int tiles(NDArray x, int columns) {
    return ((int) x.getShape().get(0) + TILE - 1) / TILE * columns;
  }

  /** Returns in how many parts a long sum is added up: more while multiprocessors are idle. */
  private int parts(int tiles, NDArray x) {
    long steps = x.getShape().get(1) / TILE;
    for (int parts : PARTS) {
      boolean isLong = steps % parts == 0 && steps / parts >= LEAST_STEPS;
      if (isLong && tiles * parts <= multiprocessors) {
        return parts;
      }
    }
    return 1;
  }

  private void launch(
      Form form,
      int tiles,
      NDArray x,
      NDArray w,
      NDArray y,
      Object cosines,
      Object sines,
      int turned) {
    int rows = (int) x.getShape().get(0);
    int in = (int) x.getShape().get(1);
    int length = cosines instanceof NDArray table ? (int) table.getShape().get(0) : 1;
    program(form)
        .launchEarly(
            KERNEL,
            new Grid((long) form.parts * tiles, THREADS, 1, SHARED_BYTES),
            new TensorMap(x, rows),
            new TensorMap(w, (int) w.getShape().get(0), WEIGHT_ROWS),
            y,
            cosines,
            sines,
            rows,
            (int) y.getShape().get(1),
            in / TILE / form.parts,
            turned,
            length);
  }

  private CudaProgram program(Form form) {
    return programs.computeIfAbsent(
        form,
        wanted -> {
          Map<String, Integer> constants = KernelSource.withoutHeads();
          constants.put("PARTS", wanted.parts);
          constants.put("AFTER", wanted.after.number);
          constants.put("GATE", network.activation().number);
          String source = KernelSource.behindAttention(HopperProducts.class, "product.cu");
          CudaProgram program = CudaProgram.compileForHopper(compiler, device, source, constants);
          program.allowSharedBytes(KERNEL, SHARED_BYTES);
          return program;
        });
  }

  @Override
  public void close() {
    programs.values().forEach(CudaProgram::close);
    others.close();
  }
}
