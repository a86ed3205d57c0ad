// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.TensorMap;
import io.github.md4.core.internal.torch.BufferPool;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Attention of our own on Hopper's tensor cores: {@code attention.cu}, {@code attention-forward.cu}
 * and {@code attention-backward.cu}, compiled when they are first needed.
 *
 * <p>Dropout follows from the seed and the positions; no mask is kept. Results are the same bit for
 * bit in each run.
 */
final class HopperAttention implements AttentionKernels {
  private static final int NARROW = 64;
  private static final int WIDE = 128;
  private static final int WARPGROUP = 128;
  private static final int ALIGNMENT_BYTES = 1024;
  private static final int TILE_BYTES = 8192;
  private static final int TILE_ROWS = 64;
  private static final int STAGES = 4;
  private static final int MANY_GROUPS = 4;
  private static final int FEW_GROUPS = 2;

  /** Logarithm and delta of each of 64 queries. */
  private static final int STATISTICS = 2 * TILE_ROWS;

  private static final double LOG2_E = 1 / Math.log(2);

  private final CudaDevice device;
  private final Nvrtc compiler;
  private final TransformerKernels.Options network;
  private final BufferPool pool;
  private final int threshold;
  private final float keptFactor;
  private final int multiprocessors;
  private final Map<Integer, CudaProgram> forwards = new HashMap<>();
  private Optional<HopperAttentionBackward> backward = Optional.empty();
  private Optional<HopperChosenQueries> chosen = Optional.empty();

  private HopperAttention(
      CudaDevice device,
      Nvrtc compiler,
      TransformerKernels.Options network,
      double dropout,
      BufferPool pool) {
    this.device = device;
    this.compiler = compiler;
    this.network = network;
    this.pool = pool;
    long dropped = Math.round(dropout * 0x1p32);
    this.threshold = (int) dropped;
    this.keptFactor = (float) (1 / (1 - dropped * 0x1p-32));
    this.multiprocessors = device.multiprocessors();
  }

  /** Returns these kernels for training; empty on other cards and for other widths of heads. */
  static Optional<AttentionKernels> find(
      CudaDevice device, FusedKernels.Options options, BufferPool pool) {
    return onHopper(device, options.network(), options.dropout().attention(), pool);
  }

  /** Returns these kernels for forward passes alone; empty as for {@link #find}. */
  static Optional<AttentionKernels> findFrozen(
      CudaDevice device, TransformerKernels.Options network, BufferPool pool) {
    return onHopper(device, network, 0, pool);
  }

  private static Optional<AttentionKernels> onHopper(
      CudaDevice device, TransformerKernels.Options network, double dropout, BufferPool pool) {
    return device.isHopper() && takes(network.headWidth())
        ? Nvrtc.find()
            .map(compiler -> new HopperAttention(device, compiler, network, dropout, pool))
        : Optional.empty();
  }

  /** Returns whether heads have a width that these kernels are made for. */
  static boolean takes(int headWidth) {
    return headWidth == NARROW || headWidth == WIDE;
  }

  @Override
  public NDList attend(NDManager scope, NDArray qkv, int length, int seed) {
    int heads = network.heads();
    int examples = (int) qkv.getShape().get(0) / length;
    int groups = groups(examples * heads * divided(length, TILE_ROWS * MANY_GROUPS));
    int tiles = examples * heads * divided(length, TILE_ROWS * groups);
    return attend(scope, forward(groups), new Attending(qkv, qkv, length, groups, tiles, seed));
  }

  /**
   * The arguments of a forward.
   *
   * @param queries an array with a row for each query
   * @param groups the warpgroups of a block
   * @param tiles of all heads
   */
  record Attending(NDArray queries, NDArray qkv, int length, int groups, int tiles, int seed) {}

  /** Queues a forward; returns output and statistics. */
  NDList attend(NDManager scope, CudaProgram program, Attending a, Object... more) {
    int heads = network.heads();
    int examples = (int) a.qkv.getShape().get(0) / a.length;
    NDArray output = pool.columns(scope, a.queries, heads * network.headWidth());
    int blocks = examples * heads * divided(a.length, TILE_ROWS) + 1;
    NDArray statistics = pool.floats(scope, a.qkv, blocks, STATISTICS);
    Grid grid =
        new Grid(
            Math.min(a.tiles, multiprocessors),
            (a.groups + 1) * WARPGROUP,
            1,
            sharedBytes(a.groups));
    Object[] first = {
      new TensorMap(a.qkv, a.length),
      output,
      statistics,
      a.length,
      heads,
      network.keyValueHeads(),
      new float[] {(float) (scale() * LOG2_E)},
      a.tiles,
      (long) a.seed,
      threshold,
      new float[] {keptFactor}
    };
    Object[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    program.launchEarly("attentionForward", grid, all);
    return new NDList(output, statistics);
  }

  /**
   * Returns few warpgroups a block where many would leave multiprocessors idle.
   *
   * @param tiles for many
   */
  int groups(int tiles) {
    boolean isWide = network.headWidth() == WIDE;
    return isWide || tiles < multiprocessors ? FEW_GROUPS : MANY_GROUPS;
  }

  /** Returns the shared memory for two tiles of queries, results, and rings of keys and values. */
  private int sharedBytes(int groups) {
    return ALIGNMENT_BYTES + (3 * groups + 2 * STAGES) * TILE_BYTES * network.headWidth() / NARROW;
  }

  private CudaProgram forward(int groups) {
    return forwards.computeIfAbsent(groups, count -> forward(count, Map.of()));
  }

  /** Returns the program of a form of the forward, closed by the caller. */
  CudaProgram forward(int groups, Map<String, Integer> more) {
    Map<String, Integer> constants = new LinkedHashMap<>(more);
    constants.put("FWD_GROUPS", groups);
    CudaProgram program = compile("attention-forward.cu", constants);
    program.allowSharedBytes("attentionForward", sharedBytes(groups));
    return program;
  }

  @Override
  public Optional<ChosenQueries> chosenQueries() {
    if (chosen.isEmpty() && !network.causal()) {
      chosen = Optional.of(new HopperChosenQueries(this));
    }
    return chosen.map(kernels -> kernels);
  }

  /** Returns a form of the backward, closed by the caller. */
  HopperAttentionBackward backward(Map<String, Integer> more) {
    return backward(more, Optional.empty());
  }

  private HopperAttentionBackward backward(
      Map<String, Integer> more, Optional<HopperAttentionRing> ring) {
    return new HopperAttentionBackward(
        () -> compile("attention-backward.cu", more), ring, network, multiprocessors);
  }

  private HopperAttentionBackward backward() {
    if (backward.isEmpty()) {
      backward = Optional.of(backward(Map.of(), ring()));
    }
    return backward.get();
  }

  /**
   * Returns the backward of five products, closed by the caller; empty where it is not made for.
   */
  Optional<HopperAttentionRing> ring() {
    return HopperAttentionRing.of(
        blocks -> compile("attention-backward-ring.cu", Map.of("BLOCKS", blocks)),
        network,
        threshold != 0,
        multiprocessors);
  }

  HopperAttentionBackward.Dropout dropout(int seed) {
    return new HopperAttentionBackward.Dropout(seed, threshold, keptFactor);
  }

  BufferPool pool() {
    return pool;
  }

  int heads() {
    return network.heads();
  }

  @Override
  public NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed) {
    NDArray dqkv = pool.columns(scope, qkv, (int) qkv.getShape().get(1));
    backward()
        .launch(
            new HopperAttentionBackward.Given(qkv, forward.get(0), forward.get(1), gradient),
            rotary,
            dqkv,
            dropout(seed));
    return dqkv;
  }

  private CudaProgram compile(String file, Map<String, Integer> more) {
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("W", network.headWidth());
    constants.put("CAUSAL", network.causal() ? 1 : 0);
    constants.put("DROPOUT", threshold == 0 ? 0 : 1);
    constants.putAll(more);
    String source = KernelSource.behindAttention(HopperAttention.class, file);
    return CudaProgram.compileForHopper(compiler, device, source, constants);
  }

  private double scale() {
    return 1 / Math.sqrt(network.headWidth());
  }

  private static int divided(int count, int by) {
    return (count + by - 1) / by;
  }

  @Override
  public void close() {
    forwards.values().forEach(CudaProgram::close);
    backward.ifPresent(HopperAttentionBackward::close);
    chosen.ifPresent(HopperChosenQueries::close);
  }
}
