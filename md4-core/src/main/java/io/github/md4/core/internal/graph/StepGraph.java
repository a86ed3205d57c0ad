// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.transformer.StepInputs;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.internal.transformer.StepKernels.GuidedLaw;
import io.github.md4.core.internal.transformer.StepSize;
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
final class StepGraph implements KeptGraphs.Graph {
  private final NDManager scope;
  private final StepNetwork network;
  private final StepSize size;
  private final StepKernels.Exchange exchange;
  private final StepInputs inputs;
  private final GpuTimeline timeline;
  private final CudaGraph graph;
  private final int generation;
  private Optional<Go> last = Optional.empty();
  private int[] ranks = {}; // of tokens, which steps have on the device

  /**
   * Records the graph.
   *
   * @param scope closed with it, but not where the recording fails
   */
  StepGraph(
      NDManager scope,
      StepNetwork network,
      RecordingStream stream,
      StepSize size,
      Confidence confidence) {
    this.scope = scope;
    this.network = network;
    this.size = size;
    this.timeline = GpuTimeline.of(scope.getDevice()).orElseThrow();
    StepKernels kernels = network.kernels();
    this.exchange = kernels.exchange(size, network.features());
    StepNetwork.Pass pass = network.pass(scope, size);
    this.inputs = pass.inputs();
    network.prepare(size.length());
    Runnable step =
        () ->
            kernels.draw(
                exchange,
                inputs,
                pass.logits().apply(exchange),
                network.vocabularySize(),
                confidence);
    exchange.clear();
    try {
      stream.run(step);
      exchange.advance(1);
      this.graph = stream.record(step);
    } catch (RuntimeException e) {
      exchange.close();
      throw e;
    }
    this.generation = network.generation();
  }

  StepSize size() {
    return size;
  }

  @Override
  public boolean isValid() {
    return generation == network.generation();
  }

  /**
   * Makes steps in one go.
   *
   * @param tokens of each view, [E N]
   * @param first launched at once, at most {@link StepKernels#MOST_STEPS}
   * @param further each launched as soon as the draws of an earlier one are read, until {@link
   *     #endGo}; all of a size that this one serves
   * @param law of the tokens; its confidence is that of this graph
   * @return the draws, each waited for when it is asked for
   */
  synchronized Iterator<double[]> draw(
      List<int[]> tokens, List<HostStep> first, Iterator<HostStep> further, GuidedLaw law) {
    settle();
    exchange.write(tokens);
    upload(first.get(0).rows().kept().ranks());
    Go go = new Go(further, law);
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
    private Iterator<HostStep> further;
    private int launched;

    Go(Iterator<HostStep> further, GuidedLaw law) {
      this.further = further;
      this.law = law;
    }

    void launch(HostStep step) {
      exchange.write(launched, step.rows(), step.features(), law);
      graph.launch();
      launched++;
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
