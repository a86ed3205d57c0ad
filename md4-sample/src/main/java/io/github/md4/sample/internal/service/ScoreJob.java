// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.loss.RowLoss;
import io.github.md4.sample.internal.call.Caller;
import io.github.md4.sample.internal.call.ShownSequence;
import io.github.md4.sample.trajectory.GridPoint;
import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * The masked copies of a text whose losses a {@link ScoreRequest} waits for: each is a sequence of
 * a call, with those of other requests.
 */
public final class ScoreJob implements NetworkJob {
  private final ScoreRequest<?> request;
  private final Caller caller;
  private final RowLoss loss;
  private final AskedRows asked;
  private final List<Wanting> waiting = new ArrayList<>();
  private final float[] losses;
  private final CompletableFuture<float[]> done = new CompletableFuture<>();
  private long served;

  /**
   * @param request the request that waits for it
   * @param caller calls the network
   * @param batch with at least one asked position
   * @param loss the loss of an asked position
   */
  public ScoreJob(ScoreRequest<?> request, Caller caller, QueryBatch batch, RowLoss loss) {
    this.request = request;
    this.caller = caller;
    this.loss = loss;
    this.asked = batch.asked();
    this.losses = new float[batch.askedCount()];
    int row = 0;
    for (int b = 0; b < batch.batchSize(); b++) {
      int example = b;
      int first = row;
      while (row < losses.length && batch.example(row) == example) {
        row++;
      }
      if (row > first) {
        int[] positions = IntStream.range(first, row).map(batch::position).toArray();
        waiting.add(new Scored(this, batch.zt()[b], query(batch, b, positions), first));
      }
    }
  }

  private static TrajectoryQuery query(QueryBatch batch, int example, int[] positions) {
    Condition condition = batch.condition();
    GridPoint point = new GridPoint(0, batch.time(example));
    double[][] noNoise = new double[0][];
    return condition.vectors().isEmpty()
        ? new TrajectoryQuery(point, positions, noNoise)
        : new TrajectoryQuery(point, positions, noNoise, condition.vectors().get(example));
  }

  /**
   * A masked copy.
   *
   * @param firstRow the number of its first asked position among those of all copies
   */
  record Scored(ScoreJob job, int[] shown, TrajectoryQuery query, int firstRow)
      implements Wanting, ShownSequence {
    @Override
    public ShownSequence sequence() {
      return this;
    }

    @Override
    public IntStream labels() {
      return IntStream.empty();
    }

    @Override
    public void join(TakenSequences call) {
      call.score(this);
    }
  }

  /** Returns the losses of the asked positions, nats, once they are known. */
  CompletableFuture<float[]> done() {
    return done;
  }

  /** Takes the logits of asked positions, from one on. */
  void take(int firstRow, NDArray logits) {
    int count = (int) logits.getShape().get(0);
    float[] some = loss.of(logits, asked.range(firstRow, firstRow + count)).toFloatArray();
    System.arraycopy(some, 0, losses, firstRow, count);
  }

  @Override
  public Key key() {
    return Key.of(caller, waiting.get(0).sequence());
  }

  @Override
  public long served() {
    return served;
  }

  @Override
  public int weight() {
    return request.weight();
  }

  @Override
  public List<Wanting> wanting() {
    return List.copyOf(waiting);
  }

  @Override
  public boolean isEnded() {
    return done.isDone() || request.isEnded();
  }

  /** Returns whether nothing is left to do; where its request has ended, whoever waits is told. */
  boolean isOver() {
    if (request.isEnded()) {
      end(new CancellationException("the request has ended"));
    }
    return done.isDone();
  }

  @Override
  public void end(Throwable cause) {
    boolean unused = done.completeExceptionally(cause);
  }

  @Override
  public void called(int taken, long round) {
    served = round;
    waiting.subList(0, taken).clear();
    if (waiting.isEmpty()) {
      boolean unused = done.complete(losses);
    }
  }
}
