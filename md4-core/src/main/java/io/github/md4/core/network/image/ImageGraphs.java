// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.graph.AskedCounts;
import io.github.md4.core.internal.graph.KeptGraphs;
import io.github.md4.core.internal.graph.RecordedPass;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

  /** A graph keeps the logits of all positions; this is 128 MiB of them in bfloat16. */
  private static final long MOST_LOGITS = 1L << 26;

  /** The logits of all graphs together. */
  private static final long MOST_KEPT = 1L << 27;

  private static final int MOST_GRAPHS = 8;

  private static final String SOURCE =
      """
      def rows(self: __torch__.M, all: Tensor, rows: Tensor) -> Tensor:
        return torch.index_select(all, 0, rows).to(6)
      """;

  private final NDManager manager;
  private final RecordedPass.Pass<Hidden> pass;
  private final RecordingStream stream;
  private final Sizes sizes;
  private final int callsBefore;
  private final TorchScript script;
  private final AskedCounts<Integer> calls = new AskedCounts<>();
  private final Set<Integer> refused = new HashSet<>();
  private final KeptGraphs<Integer, RecordedPass<Hidden>> graphs;

  /**
   * What an image takes.
   *
   * @param values the most of a map
   * @param logits N V
   */
  record Sizes(long values, long logits) {}

  /**
   * @param pass to logits in the type of the products
   * @param stream closed by the caller, after this
   * @param callsBefore calls of a number of images before it is recorded
   */
  ImageGraphs(
      NDManager parent,
      RecordedPass.Pass<Hidden> pass,
      RecordingStream stream,
      Sizes sizes,
      int callsBefore) {
    this.manager = parent.newSubManager();
    this.pass = pass;
    this.stream = stream;
    this.sizes = sizes;
    this.callsBefore = callsBefore;
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
    this.graphs =
        new KeptGraphs<>(
            manager,
            new KeptGraphs.Bounds(MOST_GRAPHS, MOST_KEPT),
            images -> images * sizes.logits,
            calls::forget);
  }

  /**
   * Returns logits, float32 [R, V], that belong to {@code scope}; empty where there is no graph for
   * the images.
   */
  synchronized Optional<NDArray> logits(
      NDManager scope, NDArray zt, NDList condition, NDArray rows) {
    int images = (int) zt.getShape().get(0);
    if (isLarge(images)
        || zt.getDataType() != DataType.INT64 // as a graph's own
        || refused.contains(images)
        || calls.add(images, 1) <= callsBefore) {
      return Optional.empty();
    }
    return recorded(images, zt, condition)
        .map(graph -> graph.launch(zt, condition))
        .map(all -> script.run(scope, "rows", all.array, rows).singletonOrThrow());
  }

  private boolean isLarge(int images) {
    return images * sizes.values > MOST_VALUES || images * sizes.logits > MOST_LOGITS;
  }

  private Optional<RecordedPass<Hidden>> recorded(int images, NDArray zt, NDList condition) {
    Optional<RecordedPass<Hidden>> graph =
        graphs.of(
            images,
            scope -> {
              NDArray all = scope.arange(0, (int) zt.size(), 1, DataType.INT64);
              return new RecordedPass<>(scope, stream, pass, zt, condition, all);
            });
    if (graph.isEmpty()) {
      refused.add(images);
    }
    return graph;
  }

  @Override
  public synchronized void close() {
    graphs.close();
    script.close();
    manager.close();
  }
}
