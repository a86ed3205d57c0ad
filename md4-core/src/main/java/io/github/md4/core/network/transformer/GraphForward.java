// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.internal.graph.GraphSteps;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.network.GraphDraws;
import io.github.md4.core.network.StepDraws;
import java.util.Iterator;
import java.util.Optional;

/**
 * {@link FusedForward} without the host: calls and whole steps as graphs, each of them one launch.
 * Calls are serialised.
 */
final class GraphForward implements FrozenForward {
  private final NDManager manager;
  private final FusedForward forward;
  private final RecordingStream stream;
  private final GraphCalls calls;
  private final GraphDraws draws;

  /**
   * @param forward closed with this, as is {@code stream}
   * @param callsBefore calls of a shape before it is recorded
   */
  GraphForward(NDManager parent, FusedForward forward, RecordingStream stream, int callsBefore) {
    this.manager = parent.newSubManager();
    this.forward = forward;
    this.stream = stream;
    this.calls = new GraphCalls(manager, forward, forward.vocabularySize(), stream, callsBefore);
    this.draws =
        new GraphDraws(
            forward.steps().map(steps -> new GraphSteps(manager, steps, stream, callsBefore)),
            forward::features,
            this);
  }

  @Override
  public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    return recorded(zt, condition, rows).orElseGet(() -> forward.logits(zt, condition, rows));
  }

  /** A call that no graph makes takes its losses without the logits in float32. */
  @Override
  public synchronized NDArray losses(
      NDArray zt, Condition condition, NDArray rows, AskedLoss asked) {
    return recorded(zt, condition, rows)
        .map(asked::of)
        .orElseGet(() -> forward.losses(zt, condition, rows, asked));
  }

  private Optional<NDArray> recorded(NDArray zt, Condition condition, NDArray rows) {
    draws.endGo();
    return calls.logits(zt, rows, scope -> forward.upload(scope, condition).inputs());
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> ahead, Inversion inversion) {
    return draws.drawAhead(zt, ahead, inversion);
  }

  @Override
  public Optional<StepDraws> with(Guided guided) {
    return draws.with(guided);
  }

  @Override
  public Precision residual() {
    return forward.residual();
  }

  @Override
  public String description() {
    return forward.description() + ", as graphs";
  }

  @Override
  public synchronized void close() {
    draws.close();
    calls.close();
    forward.close();
    stream.close();
    manager.close();
  }
}
