// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A process's piece of each segment of parameters, moments and average. It moves them and tells the
 * others the new parameters, in the type in which the forward pass reads them.
 */
final class ShardedState implements OptimizerState {
  private final NDManager manager;
  private final TrainableNetwork network;
  private final GradientExchange.Transport transport;
  private final ShardPieces pieces;
  private final OptimizerKernels kernels;
  private final Trained trained;
  private final FlatArrays working;
  private final Gathering ofWorking;
  private final Optional<Gathering> ofExact;

  /** ShardPieces of a shard, and the segments that they and those of the others fill. */
  private record Gathering(List<FlatArrays> pieces, List<FlatArrays> segments) {
    private void run(GradientExchange.Transport transport, int count) {
      for (int i = 0; i < Math.min(count, pieces.size()); i++) {
        transport.gather(pieces.get(i), segments.get(i));
      }
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
    this.working =
        network.working().precision() == Precision.FLOAT32 ? parameters : shard(network.working());
    this.ofWorking = gathering(working, network.working());
    this.ofExact =
        working == parameters
            ? Optional.empty()
            : Optional.of(gathering(parameters, network.exact()));
    this.kernels =
        OptimizerKernels.ofPieces(
            manager, network.movement(working), number -> total(communicator, number));
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
    return shard;
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
          ofWorking.run(transport, Integer.MAX_VALUE);
          ofExact.ifPresent(some -> some.run(transport, network.exactSegments()));
        });
    transport.join();
  }

  private Gathering gathering(FlatArrays shard, FlatArrays whole) {
    return new Gathering(pieces.inShard(shard), pieces.segments(whole));
  }

  private void gather(FlatArrays shard, FlatArrays whole) {
    gathering(shard, whole).run(transport, Integer.MAX_VALUE);
  }

  @Override
  public void begin(WholeModel model) {
    model.thin();
  }

  @Override
  public void whole(WholeModel model, Communicator.FileWork work) throws IOException {
    gather(model.fill());
    try {
      work.run();
    } finally {
      model.thin();
    }
  }

  private void gather(Trained whole) {
    gather(trained.parameters(), whole.parameters());
    gather(trained.first(), whole.first());
    gather(trained.second(), whole.second());
    if (whole.average() != whole.parameters()) {
      gather(trained.average(), whole.average());
    }
    transport.join();
  }

  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
