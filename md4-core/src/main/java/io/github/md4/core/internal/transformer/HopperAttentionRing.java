// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.TensorMap;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The backward of {@link HopperAttention} that computes five products where {@link
 * HopperAttentionBackward} computes seven: {@code attention-backward-ring.cu}. For heads of 64
 * channels with keys of their own, where every query sees every key (docs/lab/performance.md).
 *
 * <p>A cluster of two, four or eight blocks takes a head at a time, each block 128 of its keys.
 * Sums of the queries' gradients go around the cluster in a fixed order. Clusters of four and eight
 * leave some multiprocessors without work, where the other backward can go through a few heads.
 */
final class HopperAttentionRing implements AutoCloseable {
  private static final String KERNEL = "attentionBackwardRing";
  private static final int WIDTH = 64;
  private static final int THREADS = 384;
  private static final int KEYS = 128;
  private static final int TILE_BYTES = 8192;

  /**
   * The time of one head by the other backward on one multiprocessor, in heads of a cluster,
   * divided by the cluster's blocks: seven products to five, less what handing on costs. Measured
   * without dropout, 1.1 with eight blocks and 1.25 with four.
   */
  private static final double HEADS_A_BLOCK = 1.2;

  /** The least share of a cluster's keys that exist. */
  private static final double LEAST_FILLED = 7.0 / 8;

  /** The least share of clusters that work; below it the other backward divides heads. */
  private static final double LEAST_SHARE = 0.75;

  private static final double LOG2_E = 1 / Math.log(2);

  private final IntFunction<CudaProgram> compile;
  private final int heads;
  private final Probabilities probabilities;
  private final int multiprocessors;
  private final Map<Integer, Kernel> kernels = new HashMap<>();

  /** A program for clusters of a size and the number of clusters that run at once. */
  private record Kernel(CudaProgram program, int clusters) {}

  /** The clusters that are faster than the other backward, and what they take of the heads. */
  private enum Probabilities {
    /** None is dropped: clusters of two are no faster. */
    WHOLE(4, 8) {
      @Override
      Share share(int heads, int clusters, int blocks, int left) {
        return Share.of(heads, clusters, blocks, left);
      }
    },
    /** Some are: the other backward beside the clusters slows them down more than it helps. */
    DROPPED(2, 4, 8) {
      @Override
      Share share(int heads, int clusters, int blocks, int left) {
        return new Share(heads, 0);
      }
    };

    @SuppressWarnings("ImmutableEnumChecker") // of List.of
    private final List<Integer> blocks;

    Probabilities(Integer... blocks) {
      this.blocks = List.of(blocks);
    }

    /** Returns the share, of the arguments of {@link Share#of}. */
    abstract Share share(int heads, int clusters, int blocks, int left);
  }

  private HopperAttentionRing(
      IntFunction<CudaProgram> compile,
      int heads,
      Probabilities probabilities,
      int multiprocessors) {
    this.compile = compile;
    this.heads = heads;
    this.probabilities = probabilities;
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
        network.headWidth() == WIDTH
            && network.heads() == network.keyValueHeads()
            && !network.causal();
    return fits
        ? Optional.of(
            new HopperAttentionRing(
                compile,
                network.heads(),
                isDropped ? Probabilities.DROPPED : Probabilities.WHOLE,
                multiprocessors))
        : Optional.empty();
  }

  /**
   * Returns what this takes of all examples' heads; empty where the other backward is faster, or
   * where the GPU, or the part of it that the process has, runs no such cluster.
   */
  Optional<Share> share(int length, int examples) {
    return suits(length, examples)
        ? taken(blocks(length).orElseThrow(), examples * heads)
        : Optional.empty();
  }

  private Optional<Share> taken(int blocks, int all) {
    int clusters = kernel(blocks).clusters;
    int left = multiprocessors - clusters * blocks;
    return clusters == 0
        ? Optional.empty()
        : Optional.of(probabilities.share(all, clusters, blocks, left));
  }

  /**
   * Returns whether this is faster than the other backward: keys nearly fill a cluster, and heads
   * the clusters.
   */
  boolean suits(int length, int examples) {
    return blocks(length)
        .filter(blocks -> busy(examples * heads, multiprocessors / blocks) >= LEAST_SHARE)
        .isPresent();
  }

  /** Returns the share of clusters that work, on average. */
  private static double busy(int items, int clusters) {
    return (double) items / (divided(items, clusters) * clusters);
  }

  /** Returns the blocks of a cluster for a length. */
  private Optional<Integer> blocks(int length) {
    return probabilities.blocks.stream()
        .filter(blocks -> length <= KEYS * blocks && length >= LEAST_FILLED * KEYS * blocks)
        .findFirst();
  }

  /**
   * What this takes of the work.
   *
   * @param heads the first of all examples' heads
   * @param multiprocessorsLeft those that no cluster has, which take the other heads meanwhile
   */
  record Share(int heads, int multiprocessorsLeft) {
    /**
     * Returns the share, at least one head, with which all heads are done soonest.
     *
     * @param heads of all examples
     * @param clusters that run at once, at least 1
     * @param blocks of a cluster
     * @param left multiprocessors that no cluster has
     */
    static Share of(int heads, int clusters, int blocks, int left) {
      int most = left == 0 ? 0 : (heads - 1) / left;
      int each =
          IntStream.rangeClosed(0, most)
              .boxed()
              .min(Comparator.comparingDouble(n -> rounds(heads - n * left, clusters, n, blocks)))
              .orElseThrow();
      return new Share(heads - each * left, left);
    }

    /** Returns the time until all heads are done, in heads of a cluster. */
    private static double rounds(int ofClusters, int clusters, int ofEachLeft, int blocks) {
      return Math.max(divided(ofClusters, clusters), ofEachLeft * blocks * HEADS_A_BLOCK);
    }
  }

  private static int divided(int count, int by) {
    return (count + by - 1) / by;
  }

  private Kernel kernel(int blocks) {
    return kernels.computeIfAbsent(blocks, this::compiled);
  }

  /**
   * Writes the gradient by queries, keys and values before their rotation into {@code dqkv}, of the
   * first {@code taken} of all examples' heads.
   *
   * @param angles as {@link HopperAttentionBackward#angles} has them
   */
  void launch(
      HopperAttentionBackward.Given given,
      NDArray angles,
      NDArray dqkv,
      HopperAttentionBackward.Dropout dropout,
      int taken) {
    int length = (int) angles.getShape().get(0);
    int blocks = blocks(length).orElseThrow();
    int items = (int) given.qkv().getShape().get(0) / length * heads;
    double scale = 1 / Math.sqrt(WIDTH);
    Kernel kernel = kernel(blocks);
    kernel.program.launch(
        KERNEL,
        grid(Math.min(taken, kernel.clusters) * blocks),
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
        taken,
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
   * scores and the sums that are handed on (both by turns), and the angles of the block's rows.
   */
  private static int sharedBytes() {
    int tiles = 4 + 2 + 8 + 4 + 4;
    return 1024 + tiles * TILE_BYTES + KEYS * (WIDTH + 8) * Float.BYTES;
  }

  @Override
  public void close() {
    kernels.values().forEach(kernel -> kernel.program.close());
  }
}
