// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import io.github.md4.core.internal.transformer.StepSize;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;

/**
 * Steps of sampling as CUDA graphs, recorded for each size that comes often. Steps that are known
 * ahead and fit one graph are made in one go.
 *
 * <p>Calls are serialised by the caller. Steps of a go are launched between calls, by the thread
 * that reads the draws, under the lock of their graph.
 */
public final class GraphSteps implements AutoCloseable {
  /** The head's memory grows with them; this is 128 MiB of them in bfloat16. */
  private static final long MOST_LOGITS = 1L << 26;

  /**
   * The logits that all graphs together keep; this is 1 GiB of them. A kind whose graph was given
   * up is recorded again in its next go of more than {@link #CALLS_BEFORE} steps.
   */
  private static final long MOST_KEPT = 1L << 29;

  /** Steps of a kind before it is recorded, which takes as long as a few of them. */
  private static final int CALLS_BEFORE = 2;

  /**
   * After so many steps of a kind with examples that nobody asks for, it has a graph of its own.
   */
  private static final int MOST_PADDED = 64;

  /**
   * The most logits of a step that nobody asks for: the head takes some 0.05 ms for so many, about
   * as long as a step waits for the host.
   */
  private static final long MOST_WASTED = 1L << 24;

  private static final int MOST_GRAPHS = 32;

  private final StepNetwork network;
  private final RecordingStream stream;
  private final int callsBefore;
  private final AskedCounts<Key> asked = new AskedCounts<>();
  private final Set<Key> refused = new HashSet<>();
  private final KeptGraphs<Key, StepGraph> graphs;
  private Optional<StepGraph> going = Optional.empty();

  /** What a graph is recorded for. */
  private record Key(StepSize size, Confidence confidence) {
    boolean serves(Key wanted) {
      return confidence == wanted.confidence && size.serves(wanted.size);
    }

    /** Returns whether it has no examples that nobody asks for. */
    boolean isSnugFor(Key wanted) {
      return size.examples() == wanted.size.examples();
    }
  }

  /**
   * @param network closed with this
   * @param stream closed by the caller, after this
   * @param callsBefore calls of the network before they are recorded; of steps there are no more
   *     than some before
   */
  public GraphSteps(
      NDManager parent, StepNetwork network, RecordingStream stream, int callsBefore) {
    this.network = network;
    this.stream = stream;
    this.callsBefore = Math.min(callsBefore, CALLS_BEFORE);
    KeptGraphs.Bounds bounds = new KeptGraphs.Bounds(MOST_GRAPHS, MOST_KEPT);
    this.graphs =
        new KeptGraphs<>(parent, bounds, key -> network.keptLogits(key.size), asked::forget);
  }

  /**
   * Returns the draws of the first steps, each waited for when it is asked for; none where there is
   * no graph for their size.
   *
   * @param tokens of each view, [E N]
   */
  public Iterator<double[]> draw(List<int[]> tokens, Iterator<HostStep> all, GuidedLaw law) {
    endGo();
    List<HostStep> first = first(all);
    if (isWhole(first, tokens.get(0).length)) {
      return draw(tokens, first.subList(0, 1), Collections.emptyIterator(), law);
    }
    return draw(tokens, first, all, law);
  }

  /**
   * Ends the go that is under way, of which no further steps are launched. What comes next may take
   * the memory that they would use.
   */
  public void endGo() {
    going.ifPresent(StepGraph::endGo);
    going = Optional.empty();
  }

  private Iterator<double[]> draw(
      List<int[]> tokens, List<HostStep> first, Iterator<HostStep> further, GuidedLaw law) {
    if (!first.stream().allMatch(step -> step.rows().areAscending())
        || law.inversion().cuts().size() > StepKernels.MOST_CUTS) {
      return Collections.emptyIterator();
    }
    int positions = tokens.get(0).length;
    List<HostStep> alike = alike(positions, first, tokens.size());
    Key key = new Key(size(positions, alike, tokens.size()), law.inversion().confidence());
    if (!network.takes(key.size) || !key.size.hasRoomFor(alike.get(0).rows())) {
      return Collections.emptyIterator();
    }
    going = graph(key, asked.add(key, alike.size()));
    Iterator<HostStep> next = alike.size() == first.size() ? further : Collections.emptyIterator();
    return going
        .map(
            graph ->
                graph.draw(tokens, alike, new Fitting(next, positions, graph.size(), key), law))
        .orElse(Collections.emptyIterator());
  }

  /**
   * Returns the first steps, up to one with which too many logits would be wasted, or which masks
   * too much again.
   */
  private List<HostStep> alike(int positions, List<HostStep> steps, int views) {
    for (int count = 2; count <= steps.size(); count++) {
      List<HostStep> some = steps.subList(0, count);
      StepSize all = size(positions, some, views);
      boolean hasRoom = all.hasRoomFor(steps.get(count - 1).rows());
      if (!hasRoom
          || some.stream().anyMatch(each -> isWasted(all, size(positions, List.of(each), views)))) {
        return steps.subList(0, count - 1);
      }
    }
    return steps;
  }

  /** Returns whether a graph computes too many logits that a step does not ask for. */
  private boolean isWasted(StepSize graph, StepSize step) {
    long wasted = (long) graph.shownRows() - step.shownRows();
    return wasted * network.vocabularySize() > MOST_WASTED;
  }

  /** The next steps up to one that wants another graph, each taken and counted when asked for. */
  private final class Fitting implements Iterator<HostStep> {
    private final Iterator<HostStep> steps;
    private final int positions;
    private final StepSize size;
    private final Key key;
    private Optional<HostStep> next = Optional.empty();
    private boolean isOver;

    Fitting(Iterator<HostStep> steps, int positions, StepSize size, Key key) {
      this.steps = steps;
      this.positions = positions;
      this.size = size;
      this.key = key;
    }

    @Override
    public boolean hasNext() {
      if (next.isEmpty() && !isOver) {
        next = steps.hasNext() ? Optional.of(steps.next()).filter(this::fits) : Optional.empty();
        isOver = next.isEmpty();
      }
      return next.isPresent();
    }

    private boolean fits(HostStep step) {
      StepSize wanted = size(positions, List.of(step), size.views());
      return step.rows().areAscending()
          && size.serves(wanted)
          && size.hasRoomFor(step.rows())
          && !isWasted(size, wanted);
    }

    @Override
    public HostStep next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      HostStep taken = next.orElseThrow();
      next = Optional.empty();
      int unused = asked.add(key, 1);
      return taken;
    }
  }

  /** Returns the steps that are launched at once. */
  private static List<HostStep> first(Iterator<HostStep> all) {
    List<HostStep> first = new ArrayList<>();
    while (first.size() < StepKernels.MOST_STEPS && all.hasNext()) {
      first.add(all.next());
    }
    return first;
  }

  /**
   * Returns the graph that makes steps of a kind, if there is one or it is time to record it.
   *
   * @param steps how many of the kind were asked for, these included
   */
  private Optional<StepGraph> graph(Key key, int steps) {
    Optional<Key> serving = serving(key);
    if (serving.isPresent()
        && (steps <= MOST_PADDED || serving.get().isSnugFor(key) || !graphs.hasRoomFor(key))) {
      return recorded(serving.get());
    }
    return isLarge(key.size) || refused.contains(key) || steps <= callsBefore
        ? Optional.empty()
        : recorded(key);
  }

  /**
   * Returns the smallest of the graphs that make steps of a kind. At the end of a batch its
   * sequences become fewer from step to step, and a graph for each number would take longer than
   * the steps.
   */
  private Optional<Key> serving(Key wanted) {
    return graphs
        .keys()
        .filter(key -> key.serves(wanted) && !isWasted(key.size, wanted.size))
        .min(
            Comparator.comparingInt((Key key) -> key.size.positions())
                .thenComparingInt(key -> key.size.rows()));
  }

  /**
   * Returns whether a step asks for all positions: its rows stand otherwise than those of others.
   */
  private static boolean isWhole(List<HostStep> steps, int positions) {
    return steps.stream().anyMatch(step -> step.rows().count() == positions);
  }

  /** Returns the size that serves each of the steps. */
  private static StepSize size(int positions, List<HostStep> steps, int views) {
    int examples = steps.get(0).examples();
    int rows = steps.stream().mapToInt(s -> s.rows().count()).max().orElseThrow();
    return new StepSize(
        examples,
        positions / examples,
        GraphCalls.rows(rows, positions),
        views,
        steps.get(0).rows().form());
  }

  private boolean isLarge(StepSize size) {
    long logits = (long) size.shownRows() * network.vocabularySize();
    return logits > MOST_LOGITS;
  }

  private Optional<StepGraph> recorded(Key key) {
    Optional<StepGraph> graph =
        graphs.of(key, scope -> new StepGraph(scope, network, stream, key.size, key.confidence));
    if (graph.isEmpty()) {
      refused.add(key);
    }
    return graph;
  }

  @Override
  public void close() {
    graphs.close();
    network.close();
  }
}
