// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.RecordingStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * The graphs of calls or steps of a network, by what they are recorded for. There are so many at
 * most, and so many logits of all together: the graph that was not used for longest is given up for
 * another one.
 *
 * @param <K> what a graph is recorded for
 * @param <G> a graph with its arrays
 */
public final class KeptGraphs<K, G extends KeptGraphs.Graph> implements AutoCloseable {
  private final NDManager manager;
  private final Bounds bounds;
  private final ToLongFunction<K> logits;
  private final Consumer<K> givenUp;
  private final Map<K, G> graphs = new LinkedHashMap<>(16, 0.75f, true);

  /** A graph with the arrays that it reads and writes. */
  public interface Graph extends AutoCloseable {
    /** Returns whether the memory that it was recorded with is still in use. */
    default boolean isValid() {
      return true;
    }

    @Override
    void close();
  }

  /**
   * What is kept at most.
   *
   * @param graphs at least 1
   * @param logits of all graphs together; a graph that has more is kept alone
   */
  public record Bounds(int graphs, long logits) {}

  /**
   * @param logits how many a graph keeps
   * @param givenUp is told of a graph that is given up for another one
   */
  public KeptGraphs(
      NDManager parent, Bounds bounds, ToLongFunction<K> logits, Consumer<K> givenUp) {
    this.manager = parent.newSubManager();
    this.bounds = bounds;
    this.logits = logits;
    this.givenUp = givenUp;
  }

  /** Returns what there are valid graphs for. */
  Stream<K> keys() {
    return graphs.entrySet().stream()
        .filter(each -> each.getValue().isValid())
        .map(Map.Entry::getKey);
  }

  /** Returns whether no graph has to be given up for the logits of another one. */
  boolean hasRoomFor(K key) {
    return keys().mapToLong(logits).sum() + logits.applyAsLong(key) <= bounds.logits;
  }

  /**
   * Returns the graph for a key, which is recorded unless there is a valid one; empty where the
   * GPU's memory is too full for it.
   *
   * @param recording records a graph, which closes the manager that it is given with itself
   */
  public Optional<G> of(K key, Function<NDManager, G> recording) {
    Optional<G> found = Optional.ofNullable(graphs.get(key)).filter(Graph::isValid);
    return found.isPresent() ? found : recorded(key, recording);
  }

  private Optional<G> recorded(K key, Function<NDManager, G> recording) {
    closeInvalid();
    while (graphs.size() == bounds.graphs || (!graphs.isEmpty() && !hasRoomFor(key))) {
      K eldest = graphs.keySet().iterator().next();
      graphs.remove(eldest).close();
      givenUp.accept(eldest);
    }
    NDManager scope = manager.newSubManager();
    try {
      G made = recording.apply(scope);
      graphs.put(key, made);
      return Optional.of(made);
    } catch (RuntimeException e) {
      scope.close();
      if (!RecordingStream.isForWantOfMemory(e)) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private void closeInvalid() {
    List<G> invalid = graphs.values().stream().filter(graph -> !graph.isValid()).toList();
    graphs.values().removeAll(invalid);
    invalid.forEach(Graph::close);
  }

  @Override
  public void close() {
    graphs.values().forEach(Graph::close);
    manager.close();
  }
}
