// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import io.github.md4.core.internal.transformer.StepSize;
import io.github.md4.core.network.StepDraws.Step;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * A step of sampling as a CUDA graph, and the memory that it reads and writes: one launch takes the
 * inputs from the host's memory, runs the network, draws, and puts the draws where the next step
 * reads them.
 */
final class StepGraph implements AutoCloseable {
  private final NDManager scope;
  private final FusedForward forward;
  private final StepSize size;
  private final StepKernels.Exchange exchange;
  private final StepInputs inputs;
  private final GpuTimeline timeline;
  private final CudaGraph graph;
  private final int generation;
  private Optional<Go> last = Optional.empty();
  private int[] ranks = {}; // of tokens, which steps have on the device

  /** Records the graph. */
  StepGraph(
      NDManager parent,
      FusedForward forward,
      StepKernels kernels,
      RecordingStream stream,
      StepSize size,
      Confidence confidence) {
    this.scope = parent.newSubManager();
    this.forward = forward;
    this.size = size;
    this.timeline = GpuTimeline.of(scope.getDevice()).orElseThrow();
    StepKernels.Weights weights = forward.stepWeights();
    this.exchange = kernels.exchange(size, weights);
    this.inputs =
        kernels.inputs(
            scope,
            size,
            weights,
            forward.stream(scope, size.shownPositions()),
            forward.vocabularySize());
    forward.prepare(size.length());
    Runnable step =
        () -> {
          kernels.begin(exchange, inputs, weights, forward.vocabularySize());
          FusedForward.Start start =
              new FusedForward.Start(
                  inputs.all(), inputs.asked(), inputs.modulation(), inputs.stream());
          kernels.draw(
              exchange,
              inputs,
              forward.paddedLogits(scope, start),
              forward.vocabularySize(),
              confidence);
        };
    exchange.clear();
    stream.run(step);
    exchange.advance(1);
    this.graph = stream.record(step);
    this.generation = forward.generation();
  }

  StepSize size() {
    return size;
  }

  /** Returns whether the memory that it was recorded with is still in use. */
  boolean isValid() {
    return generation == forward.generation();
  }

  /**
   * Makes steps in one go.
   *
   * @param first launched at once, at most {@link StepKernels#MOST_STEPS}
   * @param further each launched as soon as the draws of an earlier one are read, until {@link
   *     #endGo}; all of a size that this one serves
   * @param inversion the law of the tokens; its confidence is that of this graph
   * @param views what the network is shown of each example, as often as in this graph
   * @return the draws, each waited for when it is asked for
   */
  synchronized Iterator<double[]> draw(
      int[] zt, List<Step> first, Iterator<Step> further, Inversion inversion, StepViews views) {
    settle();
    exchange.write(views.tokens(zt));
    upload(first.get(0).rows().kept().ranks());
    Go go = new Go(further, inversion, views);
    last = Optional.of(go);
    first.forEach(go::launch);
    return go;
  }

  private void upload(int[] ofTokens) {
    if (ofTokens.length > 0 && ofTokens != ranks) {
      try (NDArray uploaded = scope.create(ofTokens)) {
        DeviceCopy.copy(uploaded, inputs.tokenRanks(), 0, ofTokens.length, Integer.BYTES);
      }
      ranks = ofTokens;
    }
  }

  /** Launches no further steps; those that run can still be read. */
  synchronized void endGo() {
    last.ifPresent(go -> go.further = Collections.emptyIterator());
  }

  /** Waits for what runs; the memory that steps read and write is free afterwards. */
  private void settle() {
    endGo();
    last.ifPresent(
        go -> {
          go.readAll();
          exchange.advance(go.launched);
        });
    last = Optional.empty();
  }

  @Override
  public synchronized void close() {
    settle();
    graph.close();
    exchange.close();
    scope.close();
  }

  /** A step that was launched: its number of rows, and what the GPU reaches behind it. */
  private record Running(int rows, GpuTimeline.Mark mark) {}

  /**
   * The draws of a go. The next step is launched before draws are returned, so that steps are
   * queued while the host goes on with the draws.
   */
  private final class Go implements Iterator<double[]> {
    private final Queue<Running> running = new ArrayDeque<>();
    private final Queue<double[]> read = new ArrayDeque<>();
    private final GuidedLaw law;
    private final StepViews views;
    private Iterator<Step> further;
    private int launched;

    Go(Iterator<Step> further, Inversion inversion, StepViews views) {
      this.further = further;
      this.law = new GuidedLaw(inversion, views.factor());
      this.views = views;
    }

    void launch(Step step) {
      List<float[]> features =
          views.conditions(step.condition()).stream().map(forward::features).toList();
      exchange.write(launched++, step.rows(), features, law);
      graph.launch();
      running.add(new Running(step.rows().count(), timeline.mark()));
    }

    @Override
    public boolean hasNext() {
      synchronized (StepGraph.this) {
        return !read.isEmpty() || !running.isEmpty();
      }
    }

    @Override
    public double[] next() {
      synchronized (StepGraph.this) {
        if (read.isEmpty()) {
          readNext();
          if (further.hasNext()) {
            launch(further.next());
          }
        }
        return read.remove();
      }
    }

    void readAll() {
      while (!running.isEmpty()) {
        readNext();
      }
    }

    private void readNext() {
      int step = launched - running.size();
      Running next = running.remove();
      try (GpuTimeline.Mark mark = next.mark) {
        mark.await();
      }
      read.add(exchange.read(step, next.rows));
    }
  }
}
