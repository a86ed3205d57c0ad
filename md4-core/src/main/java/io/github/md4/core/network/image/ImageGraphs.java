// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Calls of an image network without the host: all launches of a call are recorded as a graph for
 * each number of images that comes often, and a call is one launch. With few images the host is
 * what takes the time.
 *
 * <p>B images of N positions, R rows. Calls are serialised.
 */
final class ImageGraphs implements AutoCloseable {
  /** Calls of a number of images before it is recorded, which takes as long as some of them. */
  static final int CALLS_BEFORE = 3;

  /** With more values in a map the GPU takes as long as the host, or longer. */
  static final long MOST_VALUES = 1L << 24;

  private static final int MOST_GRAPHS = 8;
  private static final int MOST_COUNTS = 1024;

  private static final String SOURCE =
      """
      def rows(self: __torch__.M, all: Tensor, rows: Tensor) -> Tensor:
        return torch.index_select(all, 0, rows)
      """;

  private final NDManager manager;
  private final Pass pass;
  private final RecordingStream stream;
  private final long valuesOfImage;
  private final int callsBefore;
  private final TorchScript script;
  private final Map<Integer, Integer> calls = new HashMap<>();
  private final Map<Integer, Recorded> graphs = new LinkedHashMap<>(MOST_GRAPHS, 0.75f, true);

  /** A pass of the network over arrays that are all on the device. */
  @FunctionalInterface
  interface Pass {
    /**
     * Returns logits, float32 [R, V], that belong to {@code scope}.
     *
     * @param zt tokens, int64 [B, N]
     * @param condition what the condition is computed from
     * @param rows flat positions, int64 [R]
     */
    NDArray logits(NDManager scope, NDArray zt, NDList condition, NDArray rows);
  }

  /**
   * @param stream closed by the caller, after this
   * @param valuesOfImage the most values of a map of one image
   * @param callsBefore calls of a number of images before it is recorded
   */
  ImageGraphs(
      NDManager parent, Pass pass, RecordingStream stream, long valuesOfImage, int callsBefore) {
    this.manager = parent.newSubManager();
    this.pass = pass;
    this.stream = stream;
    this.valuesOfImage = valuesOfImage;
    this.callsBefore = callsBefore;
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
  }

  /** Returns logits as {@link Pass#logits} does; empty where there is no graph for the images. */
  synchronized Optional<NDArray> logits(
      NDManager scope, NDArray zt, NDList condition, NDArray rows) {
    int images = (int) zt.getShape().get(0);
    if (images * valuesOfImage > MOST_VALUES
        || zt.getDataType() != DataType.INT64 // as a graph's own
        || counted(images) <= callsBefore) {
      return Optional.empty();
    }
    NDArray all = recorded(images, zt, condition).run(zt, condition);
    return Optional.of(script.run(scope, "rows", all, rows).singletonOrThrow());
  }

  private int counted(int images) {
    if (calls.size() == MOST_COUNTS) {
      calls.clear();
    }
    return calls.merge(images, 1, Integer::sum);
  }

  private Recorded recorded(int images, NDArray zt, NDList condition) {
    Recorded found = graphs.get(images);
    if (found != null) {
      return found;
    }
    if (graphs.size() == MOST_GRAPHS) {
      Integer eldest = graphs.keySet().iterator().next();
      graphs.remove(eldest).close();
      calls.remove(eldest); // it has to come often again
    }
    NDManager scope = manager.newSubManager();
    try {
      Recorded made = new Recorded(scope, zt, condition);
      graphs.put(images, made);
      return made;
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** A graph, and the arrays that it reads and writes. */
  private final class Recorded implements AutoCloseable {
    private final NDManager scope;
    private final NDArray zt;
    private final NDList condition;
    private final NDArray all;
    private final CudaGraph graph;
    private NDArray logits; // of all positions, [B N, V]

    /**
     * @param scope closed with it
     */
    Recorded(NDManager scope, NDArray like, NDList given) {
      this.scope = scope;
      this.zt = kept(like);
      this.condition = new NDList(given.stream().map(this::kept).toList());
      this.all = scope.arange(0, (int) zt.size(), 1, DataType.INT64);
      stream.run(
          () -> {
            try (NDManager once = scope.newSubManager()) {
              NDArray unused = pass.logits(once, zt, condition, all);
            }
          });
      this.graph = stream.record(() -> logits = pass.logits(scope, zt, condition, all));
    }

    private NDArray kept(NDArray array) {
      NDArray copy = array.duplicate();
      copy.attach(scope);
      return copy;
    }

    /** Returns the logits of all positions, until the next call. */
    NDArray run(NDArray newZt, NDList newCondition) {
      copy(newZt, zt);
      for (int i = 0; i < condition.size(); i++) {
        copy(newCondition.get(i), condition.get(i));
      }
      graph.launch();
      return logits;
    }

    private void copy(NDArray from, NDArray to) {
      DeviceCopy.copy(from, to, 0, to.size(), to.getDataType().getNumOfBytes());
    }

    @Override
    public void close() {
      graph.close();
      scope.close();
    }
  }

  @Override
  public synchronized void close() {
    graphs.values().forEach(Recorded::close);
    script.close();
    manager.close();
  }
}
