// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.RecordingStream;

/**
 * A pass of a network as a graph, with the arrays that it reads and writes.
 *
 * @param <T> its result
 */
public final class RecordedPass<T> implements KeptGraphs.Graph {
  private final NDManager scope;
  private final NDArray zt;
  private final NDList condition;
  private final CudaGraph graph;
  private T result;

  /**
   * A pass over arrays that are all on the device.
   *
   * @param <T> its result
   */
  @FunctionalInterface
  public interface Pass<T> {
    /**
     * Returns the logits of the asked rows, [R, V], that belong to {@code scope}.
     *
     * @param zt tokens, int64 [B, N]
     * @param condition what the condition is computed from
     * @param rows flat positions, int64 [R]
     */
    T of(NDManager scope, NDArray zt, NDList condition, NDArray rows);
  }

  /**
   * Runs the pass once, and records it.
   *
   * @param scope closed with this, but not where the recording fails
   * @param likeZt tokens of the shape of all that follow; {@code likeCondition} is likewise
   * @param rows read at each launch; of {@code scope}
   */
  public RecordedPass(
      NDManager scope,
      RecordingStream stream,
      Pass<T> pass,
      NDArray likeZt,
      NDList likeCondition,
      NDArray rows) {
    this.scope = scope;
    this.zt = kept(likeZt);
    this.condition = new NDList(likeCondition.stream().map(this::kept).toList());
    stream.run(
        () -> {
          try (NDManager once = scope.newSubManager()) {
            T unused = pass.of(once, zt, condition, rows);
          }
        });
    this.graph = stream.record(() -> result = pass.of(scope, zt, condition, rows));
  }

  private NDArray kept(NDArray array) {
    NDArray copy = array.duplicate();
    copy.attach(scope);
    return copy;
  }

  /** Launches the pass and returns its result, which lasts until the next launch. */
  public T launch(NDArray newZt, NDList newCondition) {
    copy(newZt, zt);
    for (int i = 0; i < condition.size(); i++) {
      copy(newCondition.get(i), condition.get(i));
    }
    graph.launch();
    return result;
  }

  private static void copy(NDArray from, NDArray to) {
    DeviceCopy.copy(from, to, 0, to.size(), to.getDataType().getNumOfBytes());
  }

  @Override
  public void close() {
    graph.close();
    scope.close();
  }
}
