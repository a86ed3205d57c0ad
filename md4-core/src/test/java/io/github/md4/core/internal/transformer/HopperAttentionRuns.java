// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.HopperAttentionGpuTest.Case;
import java.nio.FloatBuffer;
import java.util.stream.IntStream;

/** Our attention, forward and backward, of numbers that the host gives and reads. */
final class HopperAttentionRuns implements AutoCloseable {
  static final int SEED = 1234567;

  /** How many times each result is made again: {@code -Dmd4.runs}. */
  private static final int RUNS = Integer.getInteger("md4.runs", 3);

  private final Case each;
  private final NDManager manager;
  private final BufferPool pool;
  private final AttentionKernels kernels;
  private final TorchScript casts;
  private NDList rotary;

  HopperAttentionRuns(Case each) {
    this.each = each;
    this.manager = NDManager.newBaseManager(Device.gpu());
    this.pool = new BufferPool.Fresh(manager, Precision.BFLOAT16);
    this.kernels = find(each, pool);
    this.casts = HopperNumbers.casts(manager);
    this.rotary = NaiveAttention.rotary(manager, each.shape().length(), each.width());
  }

  static HopperAttention find(Case each, BufferPool pool) {
    FusedKernels.Options options =
        new FusedKernels.Options(
            new TransformerKernels.Options(
                Precision.BFLOAT16,
                Activation.GLU,
                each.shape().heads(),
                each.shape().keyValueHeads(),
                each.width(),
                each.isCausal(),
                1e-5),
            new TransformerKernels.Dropout(0, 0, each.dropout()),
            Precision.FLOAT32);
    return (HopperAttention) HopperAttention.find(new CudaDevice(0), options, pool).orElseThrow();
  }

  /** Leaves gradients as they are before queries and keys are turned back. */
  void doNotTurn() {
    NDList without = new NDList(rotary.get(0).onesLike(), rotary.get(1).zerosLike());
    rotary.close();
    rotary = without;
  }

  /** A pass forward and backward; its results belong to a scope, on the device. */
  interface Pass {
    /** Returns the output and all gradients, in bfloat16. */
    NDList results(NDManager scope);
  }

  /**
   * Returns the pass of all queries.
   *
   * @param qkv queries and keys are taken to be rotated
   * @param gradient by the output
   */
  Pass pass(float[] qkv, float[] gradient) {
    int length = each.shape().length();
    NDArray x = narrow(qkv, rows());
    NDArray dy = narrow(gradient, rows());
    return scope -> {
      NDList forward = kernels.attend(scope, x, length, SEED);
      NDArray dx = kernels.attendBackward(scope, dy, x, forward, rotary, SEED);
      return new NDList(forward.get(0), dx);
    };
  }

  /**
   * Returns the pass of the queries of chosen rows. Its gradients are those by these queries, then
   * those by all keys and values.
   */
  Pass pass(float[] qkv, float[] gradient, int[] chosen) {
    NaiveAttention.Shape shape = each.shape();
    int heads = shape.heads() * each.width();
    int columns = shape.columns() * each.width();
    AttentionKernels.ChosenQueries ofChosen = kernels.chosenQueries().orElseThrow();
    Rows all = Rows.all(manager, Upload.plain(), shape.examples(), shape.length());
    Rows.OnHost onHost = Rows.OnHost.of(chosen, shape.examples(), shape.length());
    Rows rows = Rows.of(manager, Upload.plain(), onHost, all);
    NDArray x = narrow(qkv, rows());
    NDArray q = narrow(taken(qkv, columns, 0, heads, chosen), chosen.length);
    NDArray dy = narrow(taken(gradient, heads, 0, heads, chosen), chosen.length);
    return scope -> {
      NDList forward = ofChosen.attend(scope, q, x, rows, SEED);
      AttentionKernels.ChosenQueries.Given given =
          new AttentionKernels.ChosenQueries.Given(q, x, rows, forward);
      NDList made = ofChosen.attendBackward(scope, dy, given, rotary, SEED);
      NDArray dkv = casts.run(scope, "columnsFrom", made.get(1), heads).singletonOrThrow();
      return new NDList(forward.get(0), made.get(0), dkv);
    };
  }

  /** Returns the results of a pass. */
  float[][] read(Pass pass) {
    try (NDManager scope = manager.newSubManager()) {
      return pass.results(scope).stream()
          .map(result -> HopperNumbers.wide(scope, casts, result))
          .toArray(float[][]::new);
    }
  }

  /** Asserts that further runs give the same results, bit for bit. */
  void assertAlwaysTheSame(Pass pass) {
    try (NDManager scope = manager.newSubManager()) {
      NDList first = pass.results(scope);
      for (int run = 0; run < RUNS; run++) {
        try (NDManager ofRun = scope.newSubManager()) {
          NDList again = pass.results(ofRun);
          for (int i = 0; i < first.size(); i++) {
            assertThat(HopperNumbers.different(ofRun, casts, first.get(i), again.get(i)))
                .as("numbers of result %d that differ in run %d", i, run)
                .isZero();
          }
        }
      }
    }
  }

  private NDArray narrow(float[] values, int rows) {
    return HopperNumbers.narrow(manager, casts, values, rows);
  }

  private int rows() {
    return each.shape().examples() * each.shape().length();
  }

  /** Returns some columns of some rows. */
  static float[] taken(float[] x, int columns, int from, int to, int[] rows) {
    FloatBuffer taken = FloatBuffer.allocate(rows.length * (to - from));
    IntStream.of(rows).forEach(row -> taken.put(x, row * columns + from, to - from));
    return taken.array();
  }

  @Override
  public void close() {
    casts.close();
    kernels.close();
    pool.close();
    manager.close();
  }
}
