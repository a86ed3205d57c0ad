// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.RecordingStream;
import java.util.Optional;
import java.util.function.Function;

/**
 * Calls of a network of sequences whose weights never change: on a GPU as graphs, where there are
 * any, else by one launch after another.
 */
public final class FrozenCalls implements AutoCloseable {
  private final GraphCalls.Pass pass;
  private final Optional<GraphCalls> graphs;
  private final Runnable closing;

  private FrozenCalls(GraphCalls.Pass pass, Optional<GraphCalls> graphs, Runnable closing) {
    this.pass = pass;
    this.graphs = graphs;
    this.closing = closing;
  }

  /**
   * Returns the calls of a pass.
   *
   * @param columns of its logits
   * @param callsBefore calls of a shape before it is recorded
   */
  public static FrozenCalls of(
      NDManager parent, GraphCalls.Pass pass, int columns, int callsBefore) {
    return RecordingStream.find(parent)
        .map(stream -> recorded(parent, pass, columns, stream, callsBefore))
        .orElseGet(() -> new FrozenCalls(pass, Optional.empty(), () -> {}));
  }

  private static FrozenCalls recorded(
      NDManager parent,
      GraphCalls.Pass pass,
      int columns,
      RecordingStream stream,
      int callsBefore) {
    GraphCalls graphs = new GraphCalls(parent, pass, columns, stream, callsBefore);
    return new FrozenCalls(
        pass,
        Optional.of(graphs),
        () -> {
          graphs.close();
          stream.close();
        });
  }

  /**
   * Returns logits, float32 [R, V], attached to the manager of {@code zt}.
   *
   * @param zt tokens, int64 [B, N]
   * @param rows flat positions, int64 [R]
   * @param condition uploads what the condition is computed from
   */
  public NDArray logits(NDArray zt, NDArray rows, Function<NDManager, NDList> condition) {
    return graphs
        .flatMap(recorded -> recorded.logits(zt, rows, condition))
        .orElseGet(() -> launched(pass, zt, rows, condition));
  }

  /** Returns the logits of a pass by one launch after another, as {@link #logits} does. */
  public static NDArray launched(
      GraphCalls.Pass pass, NDArray zt, NDArray rows, Function<NDManager, NDList> condition) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDArray logits = pass.logits(scope, zt, condition.apply(scope), rows);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  /** Returns what is to be added to the name of the code that computes. */
  public String description() {
    return graphs.isPresent() ? ", as graphs" : "";
  }

  @Override
  public void close() {
    closing.run();
  }
}
