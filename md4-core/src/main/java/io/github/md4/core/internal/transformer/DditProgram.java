// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Hidden;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The CUDA kernels of {@code ddit.cu}: what lies between the products of the DDiT kind's forward
 * pass on Hopper, in bfloat16.
 *
 * <p>B examples, N rows, D width, k vectors of a modulation.
 */
final class DditProgram implements AutoCloseable {
  private static final int PACK = 8;
  private static final int LANES = 32;
  private static final int WARPS = 4;
  private static final int LANES_OF_PRODUCT = 8;

  /** Columns of logits that a thread and a block write. */
  private static final int COLUMNS = 8;

  private static final int STRETCH = 256 * COLUMNS;

  private final DditKernels.Options options;
  private final int width;
  private final PieceKernels pieces;
  private final BufferPool pool;
  private final CudaProgram program;

  /**
   * @param pieces makes the arrays that the kernels write into
   */
  DditProgram(
      CudaDevice device, DditKernels.Options options, PieceKernels pieces, BufferPool pool) {
    this.options = options;
    this.width = options.heads() * options.headWidth();
    this.pieces = pieces;
    this.pool = pool;
    this.program =
        CudaProgram.compileForHopper(
            Nvrtc.find().orElseThrow(),
            device,
            KernelSource.behindNumbers("ddit.cu"),
            Map.of("D", width, "W", options.headWidth()));
  }

  /**
   * The output of a branch before it is added to the stream.
   *
   * @param y [N, D]
   * @param bias of y, [D], if it has one
   * @param modulation [B, k, 1, D] or [N, k, D], in which the gate is at an index
   */
  record Ending(NDArray y, Optional<NDArray> bias, Hidden modulation, int gate) {}

  /**
   * The norm that a branch begins with.
   *
   * @param norm its weight and, if it has one, bias
   * @param modulation [B, k, 1, D] or [N, k, D], in which the shift is at an index
   */
  record Entering(List<NDArray> norm, Hidden modulation, int shift) {}

  /** Returns a branch's input, [N, D]. */
  NDArray normed(NDManager scope, NDArray h, Entering entering) {
    NDArray input = pieces.array(scope, "inputOf", h);
    launch(h, Optional.empty(), Optional.of(entering), Absent.ARRAY, input);
    return input;
  }

  /** Returns the stream after a branch, shaped as h. */
  NDArray added(NDManager scope, NDArray h, Ending ending) {
    NDArray next = pieces.array(scope, "streamOf", h);
    launch(h, Optional.of(ending), Optional.empty(), next, Absent.ARRAY);
    return next;
  }

  /** Returns the stream after a branch and the input of the next one. */
  NDList joined(NDManager scope, NDArray h, Ending ending, Entering entering) {
    NDList both = pieces.call(scope, "streamAndInput", h);
    launch(h, Optional.of(ending), Optional.of(entering), both.get(0), both.get(1));
    return both;
  }

  private void launch(
      NDArray h, Optional<Ending> ending, Optional<Entering> entering, Object next, Object input) {
    Hidden modulation =
        ending.map(Ending::modulation).or(() -> entering.map(Entering::modulation)).orElseThrow();
    int rows = (int) (h.getShape().size() / width);
    int examples = options.isAdaptive() ? (int) modulation.array.getShape().get(0) : 1;
    program.launchEarly(
        "joined",
        new Grid((rows + WARPS - 1) / WARPS, LANES, WARPS),
        h,
        ending.<Object>map(Ending::y).orElse(Absent.ARRAY),
        ending.flatMap(Ending::bias).<Object>map(bias -> bias).orElse(Absent.ARRAY),
        ending.map(end -> vectors(end.modulation)).orElse(Absent.ARRAY),
        ending.map(end -> count(end.modulation)).orElse(0),
        ending.map(Ending::gate).orElse(0),
        entering.<Object>map(enter -> enter.norm.get(0)).orElse(Absent.ARRAY),
        entering.flatMap(this::bias).<Object>map(bias -> bias).orElse(Absent.ARRAY),
        entering.map(enter -> vectors(enter.modulation)).orElse(Absent.ARRAY),
        entering.map(enter -> count(enter.modulation)).orElse(0),
        entering.map(Entering::shift).orElse(0),
        next,
        input,
        rows,
        rows / examples,
        new float[] {(float) options.epsilon()});
  }

  private Optional<NDArray> bias(Entering entering) {
    return options.hasNormBias() ? Optional.of(entering.norm.get(1)) : Optional.empty();
  }

  /** Returns a modulation as an argument. */
  private Object vectors(Hidden modulation) {
    return options.isAdaptive() ? modulation.array : Absent.ARRAY;
  }

  /** Returns how many vectors each example has. */
  private int count(Hidden modulation) {
    return options.isAdaptive() ? (int) modulation.array.getShape().get(1) : 0;
  }

  /** Returns {@code silu(x w^T + b)}, float32 [B, out], x float32 [B, in]. */
  NDArray dense(NDManager scope, NDArray x, NDArray w, NDArray b) {
    int examples = (int) x.getShape().get(0);
    int out = (int) w.getShape().get(0);
    NDArray y = pool.floats(scope, x, examples, out);
    int in = (int) w.getShape().get(1);
    program.launchEarly("dense", products(out), x, w, b, y, in, out, examples);
    return y;
  }

  /** Returns the blocks of threads for products of few examples with so many rows of weights. */
  private static Grid products(int rows) {
    return Grid.of((long) rows * LANES_OF_PRODUCT);
  }

  /**
   * Returns the vectors of blocks, made at once: alone each is a launch that takes longer than what
   * it computes.
   *
   * @param weights w and b of all, one behind the other
   */
  List<Hidden> modulations(NDManager scope, NDArray condition, NDList weights, int blocks) {
    int examples = (int) condition.getShape().get(0);
    int in = (int) condition.getShape().get(1);
    int rows = (int) weights.get(1).getShape().size();
    int out = rows / blocks;
    NDList made = pieces.call(scope, "vectors", condition, blocks, out / width);
    program.launchEarly(
        "modulations",
        products(rows),
        condition,
        weights.get(0),
        weights.get(1),
        made.get(0),
        in,
        out,
        rows,
        examples);
    return made.stream().map(Hidden::new).toList();
  }

  /** Returns whether a product's weights can be read 16 bytes at a time. */
  static boolean isInPacks(NDArray w) {
    return w.getShape().get(1) % PACK == 0;
  }

  /** Rotates queries and keys of qkv [N, 3 D] by the angles of their places, in place. */
  void rotate(NDArray qkv, NDList places, int length) {
    int rows = (int) qkv.getShape().get(0);
    Grid grid = Grid.of(2L * rows * width / (2 * PACK));
    program.launchEarly("rotate", grid, qkv, places.get(0), places.get(1), length, rows);
  }

  /** Adds a bias [F] to x [N, F] and takes GELU of the sum, in place. */
  void biasGelu(NDArray x, NDArray bias) {
    long packs = x.getShape().size() / PACK;
    int packsOfRow = (int) bias.getShape().size() / PACK;
    program.launchEarly("biasGelu", Grid.of(packs), x, bias, packsOfRow, packs);
  }

  /** Copies to each row of {@code to} the row {@code rows / length}, rows int64. */
  void gather(Hidden from, NDArray rows, Hidden to, int length) {
    long count = rows.size();
    if (count > 0) {
      long packs = to.array.getShape().size() / PACK;
      int packsOfRow = (int) (packs / count);
      Grid grid = Grid.of(packs);
      program.launchEarly("ofRows", grid, from.array, rows, to.array, packsOfRow, length, packs);
    }
  }

  /**
   * Returns the first columns of y [R, .] with a bias, float32 [R, columns].
   *
   * @param bias of at least as many columns
   */
  NDArray logits(NDManager scope, NDArray y, NDArray bias, int columns) {
    NDArray logits = pieces.array(scope, "logitsOf", y, columns);
    int rows = (int) y.getShape().get(0);
    int stretches = (columns + STRETCH - 1) / STRETCH;
    Grid grid = new Grid((long) rows * stretches, STRETCH / COLUMNS, 1);
    int stride = (int) y.getShape().get(1);
    program.launchEarly("logits", grid, y, bias, logits, columns, stride, stretches);
    return logits;
  }

  @Override
  public void close() {
    program.close();
  }
}
