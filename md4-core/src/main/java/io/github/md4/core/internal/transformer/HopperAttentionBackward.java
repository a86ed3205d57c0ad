// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.TensorMap;
import java.util.HashMap;
import java.util.Map;

/** The backward of {@link HopperAttention}, for heads of 64 channels. */
final class HopperAttentionBackward implements AutoCloseable {
  private static final String KERNEL = "attentionBackward";
  private static final int THREADS = 384;
  private static final int TILE_ROWS = 128;
  private static final int TILE_BYTES = 8192;

  /** Own rows (three tiles a warpgroup), results (one), and the ring. */
  private static final int TILES = 2 * 3 + 2 + 6 * 2;

  /** Cosine and sine of each channel pair, and 8 floats that keep rows apart in memory's banks. */
  private static final int ANGLES = 72;

  private static final int SHARED_BYTES =
      1024 + TILES * TILE_BYTES + TILE_ROWS * ANGLES * Float.BYTES;

  /**
   * The least share of multiprocessors that work where each takes whole heads: below it, heads are
   * divided into tiles, which costs a second launch and less use of the cache.
   */
  private static final double LEAST_SHARE = 0.75;

  /** The parts of the work that a launch does. */
  private static final int ALL = 0;

  private static final int QUERIES = 1;
  private static final int KEYS = 2;

  private static final double LOG2_E = 1 / Math.log(2);

  private final CudaProgram program;
  private final TransformerKernels.Options network;
  private final int multiprocessors;
  private final Map<Integer, NDArray> angles = new HashMap<>();

  /**
   * @param program closed with this
   */
  HopperAttentionBackward(
      CudaProgram program, TransformerKernels.Options network, int multiprocessors) {
    this.program = program;
    this.network = network;
    this.multiprocessors = multiprocessors;
    program.allowSharedBytes(KERNEL, SHARED_BYTES);
  }

  /** The arrays of the forward, and the gradient by its output. */
  record Given(NDArray qkv, NDArray output, NDArray statistics, NDArray gradient) {}

  /**
   * The dropout of the forward.
   *
   * @param threshold the least hash, as an unsigned number, with which a probability is kept
   * @param keptFactor the factor of kept probabilities
   */
  record Dropout(int seed, int threshold, float keptFactor) {}

  /** Writes the gradient by queries, keys and values before their rotation into {@code dqkv}. */
  void launch(Given given, NDList rotary, NDArray dqkv, Dropout dropout) {
    int length = (int) rotary.get(0).getShape().get(0);
    int examples = (int) given.qkv.getShape().get(0) / length;
    int pairs = examples * network.keyValueHeads();
    int waves = (pairs + multiprocessors - 1) / multiprocessors;
    Launch launch = new Launch(given, rotary, dqkv, dropout, length, examples);
    if ((double) pairs / (waves * multiprocessors) >= LEAST_SHARE) {
      launch.run(ALL, pairs);
    } else {
      int tiles = (length + TILE_ROWS - 1) / TILE_ROWS;
      launch.run(QUERIES, examples * network.heads() * tiles);
      launch.run(KEYS, pairs * tiles);
    }
  }

  /** The launches of one call. */
  private final class Launch {
    private final Object[] arguments;
    private static final int ITEMS = 12;
    private static final int PART = 13;

    Launch(Given given, NDList rotary, NDArray dqkv, Dropout dropout, int length, int examples) {
      double scale = 1 / Math.sqrt(network.headWidth());
      arguments =
          new Object[] {
            new TensorMap(given.qkv, length),
            new TensorMap(given.output, length),
            new TensorMap(given.gradient, length),
            given.statistics,
            dqkv,
            angles.computeIfAbsent(length, each -> table(rotary)),
            length,
            network.heads(),
            network.keyValueHeads(),
            new float[] {(float) scale},
            new float[] {(float) (scale * LOG2_E)},
            examples,
            0,
            ALL,
            (long) dropout.seed,
            dropout.threshold,
            new float[] {dropout.keptFactor}
          };
    }

    void run(int part, int items) {
      arguments[ITEMS] = items;
      arguments[PART] = part;
      int blocks = Math.min(items, multiprocessors);
      program.launch(KERNEL, new Grid(blocks, THREADS, 1, SHARED_BYTES), arguments);
    }
  }

  /** Returns cosines and sines next to each other, float32 [L, ANGLES]. */
  private static NDArray table(NDList rotary) {
    float[] cosines = rotary.get(0).toFloatArray();
    float[] sines = rotary.get(1).toFloatArray();
    int length = (int) rotary.get(0).getShape().get(0);
    int pairs = cosines.length / length;
    float[] table = new float[length * ANGLES];
    for (int i = 0; i < cosines.length; i++) {
      int at = i / pairs * ANGLES + i % pairs * 2;
      table[at] = cosines[i];
      table[at + 1] = sines[i];
    }
    return rotary.getManager().create(table, new Shape(length, ANGLES));
  }

  @Override
  public void close() {
    angles.values().forEach(NDArray::close);
    program.close();
  }
}
