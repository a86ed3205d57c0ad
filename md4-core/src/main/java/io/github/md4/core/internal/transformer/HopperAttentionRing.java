// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.TensorMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The backward of {@link HopperAttention} that computes five products where {@link
 * HopperAttentionBackward} computes seven: {@code attention-backward-ring.cu}. For heads of 64
 * channels with keys of their own, where every query sees every key, and probabilities are dropped:
 * that is where it takes 9 to 14% less time (docs/lab/performance.md).
 *
 * <p>A cluster of two, four or eight blocks takes a head at a time, each block 128 of its keys.
 * Sums of the queries' gradients go around the cluster in a fixed order.
 */
final class HopperAttentionRing implements AutoCloseable {
  private static final String KERNEL = "attentionBackwardRing";
  private static final int WIDTH = 64;
  private static final int THREADS = 384;
  private static final int KEYS = 128;
  private static final int TILE_BYTES = 8192;
  private static final List<Integer> BLOCKS = List.of(2, 4, 8);

  /** The least share of a cluster's keys that exist. */
  private static final double LEAST_FILLED = 7.0 / 8;

  /** The least share of clusters that work; below it the other backward divides heads. */
  private static final double LEAST_SHARE = 0.75;

  private static final double LOG2_E = 1 / Math.log(2);

  private final IntFunction<CudaProgram> compile;
  private final int heads;
  private final int multiprocessors;
  private final Map<Integer, Kernel> kernels = new HashMap<>();

  /** A program for clusters of a size and the number of clusters that run at once. */
  private record Kernel(CudaProgram program, int clusters) {}

  private HopperAttentionRing(IntFunction<CudaProgram> compile, int heads, int multiprocessors) {
    this.compile = compile;
    this.heads = heads;
    this.multiprocessors = multiprocessors;
  }

  /**
   * Returns this backward; empty for networks that it is not made for.
   *
   * @param compile returns the program for a number of blocks of a cluster, closed with this
   * @param isDropped whether probabilities are
   */
  static Optional<HopperAttentionRing> of(
      IntFunction<CudaProgram> compile,
      TransformerKernels.Options network,
      boolean isDropped,
      int multiprocessors) {
    boolean fits =
        isDropped
            && network.headWidth() == WIDTH
            && network.heads() == network.keyValueHeads()
            && !network.causal();
    return fits
        ? Optional.of(new HopperAttentionRing(compile, network.heads(), multiprocessors))
        : Optional.empty();
  }

  /**
   * Returns whether this is faster than the other backward: keys nearly fill a cluster, and heads
   * the clusters.
   */
  boolean suits(int length, int examples) {
    return blocks(length)
        .filter(blocks -> share(examples * heads, multiprocessors / blocks) >= LEAST_SHARE)
        .isPresent();
  }

  private static double share(int items, int clusters) {
    int waves = (items + clusters - 1) / clusters;
    return (double) items / (waves * clusters);
  }

  /** Returns the blocks of a cluster for a length. */
  private static Optional<Integer> blocks(int length) {
    return BLOCKS.stream()
        .filter(blocks -> length <= KEYS * blocks && length >= LEAST_FILLED * KEYS * blocks)
        .findFirst();
  }

  /**
   * Writes the gradient by queries, keys and values before their rotation into {@code dqkv}.
   *
   * @param angles as {@link HopperAttentionBackward#angles} has them
   */
  void launch(
      HopperAttentionBackward.Given given,
      NDArray angles,
      NDArray dqkv,
      HopperAttentionBackward.Dropout dropout) {
    int length = (int) angles.getShape().get(0);
    int blocks = blocks(length).orElseThrow();
    int items = (int) given.qkv().getShape().get(0) / length * heads;
    double scale = 1 / Math.sqrt(WIDTH);
    Kernel kernel = kernels.computeIfAbsent(blocks, this::compiled);
    kernel.program.launch(
        KERNEL,
        grid(Math.min(items, kernel.clusters) * blocks),
        new TensorMap(given.qkv(), length),
        new TensorMap(given.gradient(), length),
        given.output(),
        given.gradient(),
        given.statistics(),
        dqkv,
        angles,
        length,
        heads,
        items,
        new float[] {(float) scale},
        new float[] {(float) (scale * LOG2_E)},
        (long) dropout.seed(),
        dropout.threshold(),
        new float[] {dropout.keptFactor()});
  }

  private Kernel compiled(int blocks) {
    CudaProgram program = compile.apply(blocks);
    program.allowSharedBytes(KERNEL, sharedBytes());
    int most = multiprocessors / blocks * blocks;
    return new Kernel(program, program.residentClusters(KERNEL, grid(most)));
  }

  private static Grid grid(int blocks) {
    return new Grid(blocks, THREADS, 1, sharedBytes());
  }

  /**
   * Keys (by turns) and values of a block, four stages of queries and gradients, the gradients of
   * scores and the sums that are handed on (both by turns), the angles of the block's rows, and
   * outputs and gradients of 12 rows for each of three warps.
   */
  private static int sharedBytes() {
    int tiles = 4 + 2 + 8 + 4 + 4;
    int angles = KEYS * (WIDTH + 8) * Float.BYTES;
    return 1024 + tiles * TILE_BYTES + angles + 3 * 2 * 12 * WIDTH * Short.BYTES;
  }

  @Override
  public void close() {
    kernels.values().forEach(kernel -> kernel.program.close());
  }
}
