// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.TensorMap;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The backward of {@link HopperAttention}. */
final class HopperAttentionBackward implements AutoCloseable {
  private static final String KERNEL = "attentionBackward";
  private static final int THREADS = 384;
  private static final int TILE_ROWS = 128;
  private static final int TILE_BYTES = 8192;

  private static final int NARROW = 64;

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

  private final Supplier<CudaProgram> compile;
  private final TransformerKernels.Options network;
  private final int multiprocessors;
  private final Optional<HopperAttentionRing> ring;
  private final Map<Integer, NDArray> angles = new HashMap<>();
  private Optional<CudaProgram> program = Optional.empty();

  /**
   * @param compile returns the program when it is first needed, closed with this
   * @param ring used where it suits, closed with this
   */
  HopperAttentionBackward(
      Supplier<CudaProgram> compile,
      Optional<HopperAttentionRing> ring,
      TransformerKernels.Options network,
      int multiprocessors) {
    this.compile = compile;
    this.ring = ring;
    this.network = network;
    this.multiprocessors = multiprocessors;
  }

  private CudaProgram program() {
    if (program.isEmpty()) {
      program = Optional.of(compile.get());
      program.get().allowSharedBytes(KERNEL, sharedBytes());
    }
    return program.get();
  }

  /**
   * Own rows (three tiles of 64 channels a warpgroup) and the ring; of narrow heads, results (a
   * tile a warpgroup) and the angles of own rows as well.
   */
  private int sharedBytes() {
    return network.headWidth() == NARROW
        ? 1024 + (2 * 3 + 2 + 6 * 2) * TILE_BYTES + TILE_ROWS * floatsOfAngles() * Float.BYTES
        : 1024 + (2 * 3 + 3 * 2) * 2 * TILE_BYTES;
  }

  /** Cosine and sine of each channel pair, and 8 floats that keep rows apart in memory's banks. */
  private int floatsOfAngles() {
    return network.headWidth() + 8;
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
    Object[] arguments = arguments(given, length, length, dropout);
    Target target = new Target(dqkv, angles(rotary));
    Optional<HopperAttentionRing.Share> ofRing = ring.flatMap(r -> r.share(length, examples));
    if (ofRing.isPresent()) {
      int taken = ofRing.get().heads();
      int heads = examples * network.heads();
      ring.get().launch(given, target.angles, dqkv, dropout, taken);
      if (taken < heads) {
        arguments[BEGIN] = taken;
        Grid left = grid(Math.min(heads - taken, ofRing.get().multiprocessorsLeft()));
        program().launchBeside(KERNEL, left, with(arguments, target, ALL, heads));
      }
    } else {
      launchSeven(arguments, target, length, examples);
    }
  }

  private void launchSeven(Object[] arguments, Target target, int length, int examples) {
    int pairs = examples * network.keyValueHeads();
    int waves = (pairs + multiprocessors - 1) / multiprocessors;
    if ((double) pairs / (waves * multiprocessors) >= LEAST_SHARE) {
      run(arguments, target, ALL, pairs);
    } else {
      run(arguments, target, QUERIES, examples * network.heads() * tiles(length));
      run(arguments, target, KEYS, pairs * tiles(length));
    }
  }

  /**
   * The rows with queries.
   *
   * @param q rotated queries
   * @param angles of the rows, as {@link #angles} has them of positions
   */
  record ChosenRows(NDArray q, Rows rows, NDArray angles) {}

  /**
   * Writes the gradient by queries into {@code dq}, that by keys and values into {@code dqkv}.
   * Their program is compiled for chosen queries.
   */
  void launch(
      Given given, ChosenRows chosen, NDList rotary, NDArray dq, NDArray dqkv, Dropout dropout) {
    Rows rows = chosen.rows;
    NDArray listed = rows.chosen().orElseThrow().tiles().orElseThrow().few();
    Object[] all = arguments(given, rows.length(), rows.count(), dropout);
    int more = all.length;
    Object[] arguments = Arrays.copyOf(all, more + 3);
    arguments[more] = new TensorMap(chosen.q, rows.count());
    arguments[more + 1] = rows.starts();
    arguments[more + 2] = listed;
    run(
        arguments,
        new Target(dq, chosen.angles),
        QUERIES,
        Rows.Tiles.number(listed) * network.heads());
    int pairs = rows.examples() * network.keyValueHeads();
    run(arguments, new Target(dqkv, angles(rotary)), KEYS, pairs * tiles(rows.length()));
  }

  /** The array that a launch writes gradients to, and the angles by which it turns them back. */
  private record Target(NDArray gradients, NDArray angles) {}

  private static final int GRADIENTS = 4;
  private static final int ANGLES_OF_ROWS = 5;
  private static final int BEGIN = 12;
  private static final int ITEMS = 13;
  private static final int PART = 14;

  /**
   * Returns the kernel's arguments but those that differ between its parts.
   *
   * @param queries the rows of an example in the arrays of outputs
   */
  private Object[] arguments(Given given, int length, int queries, Dropout dropout) {
    double scale = 1 / Math.sqrt(network.headWidth());
    int examples = (int) given.qkv.getShape().get(0) / length;
    return new Object[] {
      new TensorMap(given.qkv, length),
      new TensorMap(given.output, queries),
      new TensorMap(given.gradient, queries),
      given.statistics,
      Absent.ARRAY,
      Absent.ARRAY,
      length,
      network.heads(),
      network.keyValueHeads(),
      new float[] {(float) scale},
      new float[] {(float) (scale * LOG2_E)},
      examples,
      0,
      0,
      ALL,
      (long) dropout.seed,
      dropout.threshold,
      new float[] {dropout.keptFactor}
    };
  }

  private void run(Object[] arguments, Target target, int part, int items) {
    Grid grid = grid(Math.min(items, multiprocessors));
    program().launch(KERNEL, grid, with(arguments, target, part, items));
  }

  /** Sets what differs between the kernel's parts. */
  private static Object[] with(Object[] arguments, Target target, int part, int items) {
    arguments[GRADIENTS] = target.gradients;
    arguments[ANGLES_OF_ROWS] = target.angles;
    arguments[ITEMS] = items;
    arguments[PART] = part;
    return arguments;
  }

  private Grid grid(int blocks) {
    return new Grid(blocks, THREADS, 1, sharedBytes());
  }

  private static int tiles(int length) {
    return (length + TILE_ROWS - 1) / TILE_ROWS;
  }

  /** Returns cosine and sine of each channel pair, float32 [L, W + 8]; the last 8 are not used. */
  NDArray angles(NDList rotary) {
    int length = (int) rotary.get(0).getShape().get(0);
    return angles.computeIfAbsent(length, each -> table(rotary));
  }

  /** Returns cosines and sines next to each other, float32 [L, floatsOfAngles]. */
  private NDArray table(NDList rotary) {
    float[] cosines = rotary.get(0).toFloatArray();
    float[] sines = rotary.get(1).toFloatArray();
    int length = (int) rotary.get(0).getShape().get(0);
    int pairs = cosines.length / length;
    int floats = floatsOfAngles();
    float[] table = new float[length * floats];
    for (int i = 0; i < cosines.length; i++) {
      int at = i / pairs * floats + i % pairs * 2;
      table[at] = cosines[i];
      table[at + 1] = sines[i];
    }
    return rotary.getManager().create(table, new Shape(length, floats));
  }

  @Override
  public void close() {
    angles.values().forEach(NDArray::close);
    program.ifPresent(CudaProgram::close);
    ring.ifPresent(HopperAttentionRing::close);
  }
}
