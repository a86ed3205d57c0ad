// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepKernels.Size;
import io.github.md4.core.network.StepDraws.Step;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Steps of sampling as CUDA graphs: one launch takes the inputs from the host's memory, runs the
 * network, draws, and puts the draws where the next step reads them, so that steps whose rows are
 * known ahead follow each other without the host. Calls are serialised by {@link GraphForward}.
 */
final class GraphSteps implements AutoCloseable {
  /** A graph keeps no logits, but the head's memory grows with them; this is 128 MiB of them. */
  private static final long MOST_LOGITS = 1L << 26;

  /** Steps of a kind before it is recorded, which takes as long as a few of them. */
  static final int CALLS_BEFORE = 2;

  /**
   * After so many steps of a kind with examples that nobody asks for, it has a graph of its own.
   */
  private static final int MOST_PADDED = 64;

  private static final int MOST_GRAPHS = 32;
  private static final int MOST_COUNTS = 1024;

  private final NDManager manager;
  private final FusedForward forward;
  private final StepKernels kernels;
  private final RecordingStream stream;
  private final GpuTimeline timeline;
  private final int callsBefore;
  private final Map<Key, Integer> calls = new HashMap<>();
  private final Map<Key, Recorded> graphs = new LinkedHashMap<>(MOST_GRAPHS, 0.75f, true);

  /** What a graph is recorded for. */
  private record Key(Size size, Confidence confidence) {
    boolean serves(Key wanted) {
      return confidence == wanted.confidence && size.serves(wanted.size);
    }

    /** Returns whether it has no examples that nobody asks for. */
    boolean isSnugFor(Key wanted) {
      return size.examples() == wanted.size.examples();
    }
  }

  /**
   * @param callsBefore steps of a kind before it is recorded
   */
  GraphSteps(
      NDManager parent,
      FusedForward forward,
      StepKernels kernels,
      RecordingStream stream,
      int callsBefore) {
    this.manager = parent.newSubManager();
    this.forward = forward;
    this.kernels = kernels;
    this.stream = stream;
    this.timeline = GpuTimeline.of(manager.getDevice()).orElseThrow();
    this.callsBefore = callsBefore;
  }

  /**
   * Returns the draws of the first steps, each waited for when it is asked for; empty where there
   * is no graph for their size.
   */
  List<double[]> draw(int[] zt, List<Step> all, Confidence confidence) {
    int count = isWhole(all, zt.length) ? 1 : Math.min(all.size(), StepKernels.MOST_STEPS);
    List<Step> steps = all.subList(0, count);
    Size size = size(zt.length, steps);
    Key key = new Key(size, confidence);
    if (!steps.stream().allMatch(step -> isAscending(step.rows()))) {
      return List.of();
    }
    int asked = asked(key, count);
    Optional<Key> serving = serving(key);
    if (serving.isPresent() && (asked <= MOST_PADDED || serving.get().isSnugFor(key))) {
      return recorded(serving.get()).draw(zt, steps);
    }
    return isLarge(size) || asked <= callsBefore ? List.of() : recorded(key).draw(zt, steps);
  }

  /**
   * Returns the smallest of the graphs that make steps of a kind. At the end of a batch its
   * sequences become fewer from step to step, and a graph for each number would take longer than
   * the steps.
   */
  private Optional<Key> serving(Key wanted) {
    return graphs.entrySet().stream()
        .filter(each -> each.getValue().generation == forward.generation())
        .map(Map.Entry::getKey)
        .filter(key -> key.serves(wanted))
        .min(
            Comparator.comparingInt((Key key) -> key.size.positions())
                .thenComparingInt(key -> key.size.rows()));
  }

  /**
   * Returns whether a step asks for all positions: its rows stand otherwise than those of others.
   */
  private static boolean isWhole(List<Step> steps, int positions) {
    return steps.stream().anyMatch(step -> step.rows().length == positions);
  }

  /** Returns the size that serves each of the steps. */
  private static Size size(int positions, List<Step> steps) {
    int examples = steps.get(0).condition().times().length;
    int rows = steps.stream().mapToInt(s -> s.rows().length).max().orElseThrow();
    return new Size(examples, positions / examples, GraphForward.rows(rows, positions));
  }

  private boolean isLarge(Size size) {
    long logits = (long) size.rows() * forward.vocabularySize();
    return logits > MOST_LOGITS;
  }

  private static boolean isAscending(int[] rows) {
    for (int r = 1; r < rows.length; r++) {
      if (rows[r] <= rows[r - 1]) {
        return false;
      }
    }
    return true;
  }

  /** Returns how many steps of a kind were asked for, these included. */
  private int asked(Key key, int steps) {
    if (calls.size() == MOST_COUNTS) {
      calls.clear();
    }
    return calls.merge(key, steps, Integer::sum);
  }

  private Recorded recorded(Key key) {
    Recorded found = graphs.get(key);
    if (found != null && found.generation == forward.generation()) {
      return found;
    }
    if (found != null) {
      graphs.remove(key).close();
    }
    if (graphs.size() == MOST_GRAPHS) {
      graphs.remove(graphs.keySet().iterator().next()).close();
    }
    Recorded made = new Recorded(key);
    graphs.put(key, made);
    return made;
  }

  /** A graph, and the memory that it reads and writes. */
  private final class Recorded implements AutoCloseable {
    private final NDManager scope = manager.newSubManager();
    private final StepKernels.Exchange exchange;
    private final CudaGraph graph;
    private final int generation;
    private Optional<Draws> running = Optional.empty();

    Recorded(Key key) {
      Size size = key.size;
      StepKernels.Weights weights = forward.stepWeights();
      StepKernels.Inputs inputs = kernels.inputs(scope, size, weights);
      this.exchange = kernels.exchange(size);
      forward.prepare(size.length());
      Runnable step =
          () -> {
            kernels.begin(exchange, inputs, weights);
            FusedForward.Start start =
                new FusedForward.Start(
                    inputs.all(), inputs.asked(), inputs.modulation(), inputs.stream());
            kernels.draw(
                exchange,
                inputs,
                forward.paddedLogits(scope, start),
                forward.vocabularySize(),
                key.confidence);
          };
      exchange.clear();
      stream.run(step);
      exchange.advance(1);
      this.graph = stream.record(step);
      this.generation = forward.generation();
    }

    synchronized List<double[]> draw(int[] zt, List<Step> steps) {
      settle();
      exchange.write(zt);
      Draws draws = new Draws(this, steps);
      for (int k = 0; k < steps.size(); k++) {
        Step step = steps.get(k);
        exchange.write(k, step.rows(), step.u(), forward.features(step.condition()));
        graph.launch();
        draws.marks.add(timeline.mark());
      }
      running = Optional.of(draws);
      return draws;
    }

    /** Waits for what runs; the memory that steps read and write is free afterwards. */
    private void settle() {
      running.ifPresent(
          draws -> {
            draws.readAll();
            exchange.advance(draws.size());
          });
      running = Optional.empty();
    }

    @Override
    public synchronized void close() {
      settle();
      graph.close();
      exchange.close();
      scope.close();
    }
  }

  /**
   * The draws of steps that may still run: each is waited for when it is asked for, so that the
   * host goes on with the first while the GPU makes the others.
   */
  private static final class Draws extends AbstractList<double[]> {
    private final Recorded recorded;
    private final int[] counts;
    private final List<GpuTimeline.Mark> marks = new ArrayList<>();
    private final List<double[]> read = new ArrayList<>();

    Draws(Recorded recorded, List<Step> steps) {
      this.recorded = recorded;
      this.counts = steps.stream().mapToInt(step -> step.rows().length).toArray();
    }

    @Override
    public int size() {
      return counts.length;
    }

    @Override
    public double[] get(int step) {
      Objects.checkIndex(step, size());
      synchronized (recorded) {
        readThrough(step);
        return read.get(step);
      }
    }

    void readAll() {
      readThrough(size() - 1);
    }

    private void readThrough(int last) {
      for (int k = read.size(); k <= last; k++) {
        try (GpuTimeline.Mark mark = marks.get(k)) {
          mark.await();
        }
        read.add(recorded.exchange.read(k, counts[k]));
      }
    }
  }

  @Override
  public void close() {
    graphs.values().forEach(Recorded::close);
    manager.close();
  }
}
