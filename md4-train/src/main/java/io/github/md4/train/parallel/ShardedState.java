// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.io.IOException;
import java.util.List;

/**
 * A process's piece of each segment of parameters, moments and average. It moves them and tells the
 * others the new parameters, in the type in which the forward pass reads them.
 *
 * <p>Where the forward pass reads a copy in another type, float32 parameters stay whole in the
 * segments alone that it reads in float32, too. Where it reads nothing else, they stay whole.
 */
final class ShardedState implements OptimizerState {
  private final NDManager manager;
  private final TrainableNetwork network;
  private final GradientExchange.Transport transport;
  private final ShardPieces pieces;
  private final OptimizerKernels kernels;
  private final Trained trained;
  private final Gathering working;
  private Gathering exact = Gathering.NONE;

  /** The segments of a vector, which the pieces of a shard and those of the others fill. */
  private record Gathering(List<FlatArrays> pieces, List<FlatArrays> segments) {
    static final Gathering NONE = new Gathering(List.of(), List.of());

    private void run(GradientExchange.Transport transport) {
      for (int i = 0; i < pieces.size(); i++) {
        transport.gather(pieces.get(i), segments.get(i));
      }
    }

    private void close() {
      pieces.forEach(FlatArrays::close);
      segments.forEach(FlatArrays::close);
    }
  }

  /**
   * @param whole what the optimizer would move alone; read, not kept
   */
  ShardedState(
      NDManager parent,
      TrainableNetwork network,
      Trained whole,
      Communicator communicator,
      GradientExchange.Transport transport) {
    this.manager = parent.newSubManager();
    this.network = network;
    this.transport = transport;
    this.pieces = new ShardPieces(network, communicator.share());
    FlatArrays parameters = shard(whole.parameters());
    boolean isAveraged = whole.average() != whole.parameters();
    this.trained =
        new Trained(
            parameters,
            shard(whole.first()),
            shard(whole.second()),
            isAveraged ? shard(whole.average()) : parameters);
    FlatArrays copy = readsCopy() ? shard(network.working()) : parameters;
    this.working = gathering(copy, network.working());
    this.kernels =
        OptimizerKernels.ofPieces(
            manager, network.movement(copy), number -> total(communicator, number));
  }

  /** Returns whether the forward pass reads a copy of the parameters. */
  private boolean readsCopy() {
    return network.working() != network.exact();
  }

  private static NDArray total(Communicator communicator, NDArray number) {
    NDArray total = communicator.sum(number);
    communicator.join();
    return total;
  }

  private FlatArrays shard(FlatArrays whole) {
    FlatArrays shard =
        FlatArrays.zeros(manager, List.of(new Shape(pieces.shardLength())), whole.precision());
    List<FlatArrays> from = pieces.inWhole(whole);
    List<FlatArrays> to = pieces.inShard(shard);
    for (int i = 0; i < from.size(); i++) {
      network.optimizer().copy(to.get(i), from.get(i));
    }
    from.forEach(FlatArrays::close);
    to.forEach(FlatArrays::close);
    return shard;
  }

  private Gathering gathering(FlatArrays shard, FlatArrays whole) {
    return gathering(shard, whole, network.segments().length);
  }

  /** Returns the gathering of the first segments. */
  private Gathering gathering(FlatArrays shard, FlatArrays whole, int count) {
    return new Gathering(pieces.inShard(shard, count), pieces.segments(whole, count));
  }

  @Override
  public OptimizerKernels kernels() {
    return kernels;
  }

  @Override
  public Trained trained() {
    return trained;
  }

  @Override
  public void publish() {
    transport.together(
        () -> {
          working.run(transport);
          exact.run(transport);
        });
    transport.join();
  }

  @Override
  public void begin(WholeModel model) {
    thin(model);
  }

  @Override
  public void whole(WholeModel model, Communicator.FileWork work) throws IOException {
    fill(model);
    try {
      work.run();
    } finally {
      thin(model);
    }
  }

  private void fill(WholeModel model) {
    if (readsCopy()) {
      exact.close();
      exact = Gathering.NONE;
      network.exact().expand();
    }
    Trained whole = model.fill();
    gather(trained.parameters(), whole.parameters());
    gather(trained.first(), whole.first());
    gather(trained.second(), whole.second());
    if (whole.average() != whole.parameters()) {
      gather(trained.average(), whole.average());
    }
  }

  private void gather(FlatArrays shard, FlatArrays whole) {
    Gathering gathering = gathering(shard, whole);
    gathering.run(transport);
    transport.join();
    gathering.close();
  }

  private void thin(WholeModel model) {
    model.thin();
    // First, or what is kept would take a part of a large block, none of which could then be freed.
    GpuMemory.release(manager.getDevice());
    if (readsCopy()) {
      network.exact().shrink(exactParameters());
      exact = gathering(trained.parameters(), network.exact(), network.exactSegments());
    }
    GpuMemory.release(manager.getDevice());
  }

  /** Returns how many parameters, from the first on, the forward pass also reads in float32. */
  private int exactParameters() {
    int[] firsts = network.segments();
    int segments = network.exactSegments();
    return segments < firsts.length ? firsts[segments] : network.exact().size();
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
