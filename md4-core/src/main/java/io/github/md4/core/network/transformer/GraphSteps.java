// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepKernels.Size;
import io.github.md4.core.network.StepDraws.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Steps of sampling as CUDA graphs: one launch takes the inputs from the host's memory, runs the
 * network, draws, and puts the draws where the next step reads them, so that steps whose rows are
 * known ahead follow each other without the host. Calls are serialised by {@link GraphForward}.
 */
final class GraphSteps implements AutoCloseable {
  /** A graph keeps no logits, but the head's memory grows with them; this is 128 MiB of them. */
  private static final long MOST_LOGITS = 1L << 26;

  /** Calls of a kind before it is recorded, which takes as long as a few calls. */
  static final int CALLS_BEFORE = 2;

  private static final int MOST_GRAPHS = 32;
  private static final int MOST_COUNTS = 1024;

  private final NDManager manager;
  private final FusedForward forward;
  private final StepKernels kernels;
  private final RecordingStream stream;
  private final int callsBefore;
  private final Map<Key, Integer> calls = new HashMap<>();
  private final Map<Key, Recorded> graphs = new LinkedHashMap<>(MOST_GRAPHS, 0.75f, true);

  /** What a graph is recorded for. */
  private record Key(Size size, Confidence confidence) {}

  /**
   * @param callsBefore calls of a kind before it is recorded
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
    this.callsBefore = callsBefore;
  }

  /**
   * Returns the draws of the first steps; empty where there is no graph for their size. The host
   * waits once for them all.
   */
  List<double[]> draw(int[] zt, List<Step> all, Confidence confidence) {
    int count = isWhole(all, zt.length) ? 1 : Math.min(all.size(), StepKernels.MOST_STEPS);
    List<Step> steps = all.subList(0, count);
    Size size = size(zt.length, steps);
    Key key = new Key(size, confidence);
    boolean isAscending = steps.stream().allMatch(step -> isAscending(step.rows()));
    if (isLarge(size) || !isAscending || isRare(key)) {
      return List.of();
    }
    return recorded(key).draw(zt, steps);
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

  private boolean isRare(Key key) {
    if (calls.size() == MOST_COUNTS) {
      calls.clear();
    }
    return calls.merge(key, 1, Integer::sum) <= callsBefore;
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

    List<double[]> draw(int[] zt, List<Step> steps) {
      exchange.write(zt);
      for (int k = 0; k < steps.size(); k++) {
        Step step = steps.get(k);
        exchange.write(k, step.rows(), step.u(), forward.features(step.condition()));
        graph.launch();
      }
      graph.await();
      List<double[]> drawn = new ArrayList<>();
      for (int k = 0; k < steps.size(); k++) {
        drawn.add(exchange.read(k, steps.get(k).rows().length));
      }
      exchange.advance(steps.size());
      return drawn;
    }

    @Override
    public void close() {
      graph.close();
      exchange.close();
      scope.close();
    }
  }

  @Override
  public void close() {
    graphs.values().forEach(Recorded::close);
    manager.close();
  }
}
