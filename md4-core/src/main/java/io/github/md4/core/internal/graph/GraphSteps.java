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
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  /**
   * The head's memory grows with them, and a graph of images keeps them; this is 128 MiB of them.
   */
  private static final long MOST_LOGITS = 1L << 26;

  /** Steps of a kind before it is recorded, which takes as long as a few of them. */
  public static final int CALLS_BEFORE = 2;

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
  private static final int MOST_COUNTS = 1024;

  private final NDManager manager;
  private final StepNetwork network;
  private final RecordingStream stream;
  private final int callsBefore;
  private final Map<Key, Count> calls = new HashMap<>();
  private final Set<Key> refused = new HashSet<>();
  private final Map<Key, StepGraph> graphs = new LinkedHashMap<>(MOST_GRAPHS, 0.75f, true);
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
   * @param stream closed by the caller, after this
   * @param callsBefore steps of a kind before it is recorded
   */
  public GraphSteps(
      NDManager parent, StepNetwork network, RecordingStream stream, int callsBefore) {
    this.manager = parent.newSubManager();
    this.network = network;
    this.stream = stream;
    this.callsBefore = callsBefore;
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
    Count asked = asked(key);
    asked.steps += alike.size();
    going = graph(key, asked.steps);
    Iterator<HostStep> next = alike.size() == first.size() ? further : Collections.emptyIterator();
    return going
        .map(
            graph ->
                graph.draw(tokens, alike, new Fitting(next, positions, graph.size(), asked), law))
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

  /** The number of steps of a kind that were asked for. */
  private static final class Count {
    private int steps;
  }

  /** The next steps up to one that wants another graph, each taken and counted when asked for. */
  private final class Fitting implements Iterator<HostStep> {
    private final Iterator<HostStep> steps;
    private final int positions;
    private final StepSize size;
    private final Count asked;
    private Optional<HostStep> next = Optional.empty();
    private boolean isOver;

    Fitting(Iterator<HostStep> steps, int positions, StepSize size, Count asked) {
      this.steps = steps;
      this.positions = positions;
      this.size = size;
      this.asked = asked;
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
      asked.steps++;
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
   * @param asked how many steps of the kind were asked for, these included
   */
  private Optional<StepGraph> graph(Key key, int asked) {
    Optional<Key> serving = serving(key);
    if (serving.isPresent() && (asked <= MOST_PADDED || serving.get().isSnugFor(key))) {
      return recorded(serving.get());
    }
    return isLarge(key.size) || refused.contains(key) || asked <= callsBefore
        ? Optional.empty()
        : recorded(key);
  }

  /**
   * Returns the smallest of the graphs that make steps of a kind. At the end of a batch its
   * sequences become fewer from step to step, and a graph for each number would take longer than
   * the steps.
   */
  private Optional<Key> serving(Key wanted) {
    return graphs.entrySet().stream()
        .filter(each -> each.getValue().isValid())
        .map(Map.Entry::getKey)
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

  private Count asked(Key key) {
    if (calls.size() == MOST_COUNTS) {
      calls.clear();
    }
    return calls.computeIfAbsent(key, unused -> new Count());
  }

  private Optional<StepGraph> recorded(Key key) {
    StepGraph found = graphs.get(key);
    if (found != null && found.isValid()) {
      return Optional.of(found);
    }
    if (found != null) {
      graphs.remove(key).close();
    }
    if (graphs.size() == MOST_GRAPHS) {
      graphs.remove(graphs.keySet().iterator().next()).close();
    }
    try {
      StepGraph made = new StepGraph(manager, network, stream, key.size, key.confidence);
      graphs.put(key, made);
      return Optional.of(made);
    } catch (RuntimeException e) {
      if (!RecordingStream.isForWantOfMemory(e)) {
        throw e;
      }
      refused.add(key);
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    graphs.values().forEach(StepGraph::close);
    manager.close();
  }
}
