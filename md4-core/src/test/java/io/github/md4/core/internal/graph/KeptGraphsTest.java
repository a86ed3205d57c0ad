// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Graphs that are told by their number of logits, and note when they are closed. */
final class KeptGraphsTest {
  private static final int MOST_GRAPHS = 3;
  private static final long MOST_LOGITS = 100;

  private final NDManager manager = NDManager.newBaseManager();
  private final List<Integer> closed = new ArrayList<>();
  private final List<Integer> givenUp = new ArrayList<>();
  private final KeptGraphs<Integer, Noting> graphs =
      new KeptGraphs<>(
          manager,
          new KeptGraphs.Bounds(MOST_GRAPHS, MOST_LOGITS),
          Integer::longValue,
          givenUp::add);

  /** A graph that is valid until it is told otherwise. */
  private final class Noting implements KeptGraphs.Graph {
    private final int logits;
    private boolean isValid = true;

    Noting(int logits) {
      this.logits = logits;
    }

    @Override
    public boolean isValid() {
      return isValid;
    }

    @Override
    public void close() {
      closed.add(logits);
    }
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Noting graph(int logits) {
    return graphs.of(logits, scope -> new Noting(logits)).orElseThrow();
  }

  @Test
  void graph_isRecordedOnce() {
    Noting first = graph(1);
    assertThat(graph(1)).isSameAs(first);
    assertThat(graphs.keys()).containsExactly(1);
  }

  @Test
  void graphNotUsedForLongest_isGivenUpForAnotherOneThanTheMost() {
    Noting first = graph(1);
    Noting second = graph(2);
    Noting third = graph(3);
    assertThat(graph(1)).isSameAs(first);
    Noting fourth = graph(4);
    assertThat(closed).containsExactly(2);
    assertThat(givenUp).containsExactly(2);
    assertThat(List.of(graph(1), graph(3), graph(4))).containsExactly(first, third, fourth);
    assertThat(graph(2)).isNotSameAs(second);
  }

  /** As many graphs as it takes are given up, and one with more logits than that is kept alone. */
  @Test
  void logitsOfAllGraphs_areAtMostTheMost() {
    List<Noting> unused = List.of(graph(30), graph(40), graph(29));
    assertThat(graphs.hasRoomFor(1)).isTrue();
    assertThat(graphs.hasRoomFor(2)).isFalse();
    Noting large = graph(80);
    assertThat(closed).containsExactly(30, 40, 29);
    assertThat(givenUp).containsExactly(30, 40, 29);
    Noting small = graph(20);
    assertThat(closed).hasSize(3);
    Noting larger = graph(101);
    assertThat(closed).containsExactly(30, 40, 29, 80, 20);
    assertThat(graphs.keys()).containsExactly(101);
    assertThat(List.of(large, small, larger)).doesNotHaveDuplicates();
  }

  /** They keep no others from being recorded, and nobody is told that they come to an end. */
  @Test
  void invalidGraphs_makeRoomForOthersFirst() {
    Noting old = graph(60);
    Noting young = graph(40);
    old.isValid = false;
    assertThat(graphs.keys()).containsExactly(40);
    assertThat(graphs.hasRoomFor(60)).isTrue();
    assertThat(graph(60)).isNotSameAs(old);
    assertThat(closed).containsExactly(60);
    assertThat(givenUp).isEmpty();
    assertThat(graph(40)).isSameAs(young);
  }

  @Test
  void recording_thatFindsTheMemoryFullLeavesNothingBehind() {
    List<NDManager> scopes = new ArrayList<>();
    Optional<Noting> none =
        graphs.of(
            1,
            scope -> {
              scopes.add(scope);
              throw new EngineException("CUDA out of memory. Tried to allocate 2 GiB");
            });
    assertThat(none).isEmpty();
    assertThat(scopes).hasSize(1).allMatch(scope -> !scope.isOpen());
    assertThat(graphs.keys()).isEmpty();
    assertThatThrownBy(
            () ->
                graphs.of(
                    1,
                    scope -> {
                      scopes.add(scope);
                      throw new EngineException("no such kernel");
                    }))
        .hasMessage("no such kernel");
    assertThat(scopes).hasSize(2).allMatch(scope -> !scope.isOpen());
  }

  @Test
  void close_closesAllGraphs() {
    List<Noting> unused = List.of(graph(1), graph(2));
    graphs.close();
    assertThat(closed).containsExactly(1, 2);
  }
}
