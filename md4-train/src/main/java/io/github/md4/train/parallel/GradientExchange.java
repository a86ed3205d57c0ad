// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingPass;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The last backward pass of a step, and the sum of the step's gradients over all processes.
 *
 * @hidden its types are internal
 */
public interface GradientExchange {

  /**
   * One process's gradients.
   *
   * @param network the network in training
   * @param sums the float32 sums over micro-batches, made when they are first wanted
   */
  record Local(TrainableNetwork network, Supplier<FlatArrays> sums) {
    private OptimizerKernels kernels() {
      return network.optimizer();
    }
  }

  /** The earlier micro-batches of a step. */
  enum Earlier {
    /** There are none: the last pass is the only one. */
    NONE,
    /** Their gradients are in the sums. */
    IN_SUMS
  }

  /**
   * Computes the last backward pass and returns the gradients of the whole step, which are complete
   * after {@link Communicator#join}.
   *
   * @param pass the last forward pass of the step
   * @param earlier adds the gradients of the passes before
   * @return the gradients of this process's part of the parameters
   */
  FlatArrays last(TrainingPass pass, Earlier earlier);

  /**
   * The gradients of this process, which are all there are.
   *
   * @param local what this process computes
   */
  record None(Local local) implements GradientExchange {
    @Override
    public FlatArrays last(TrainingPass pass, Earlier earlier) {
      pass.backward();
      if (earlier == Earlier.NONE) {
        return local.network.gradients();
      }
      local.kernels().add(local.sums.get(), local.network.gradients());
      return local.sums.get();
    }
  }

  /**
   * The transport of a vector between processes, each of which makes the same calls in the same
   * order.
   */
  interface Transport {
    /**
     * Writes this process's piece of the sum of a vector over all processes.
     *
     * @param vector the numbers of all segments
     * @param piece this process's piece of each segment
     */
    void scatterSum(FlatArrays vector, FlatArrays piece);

    /**
     * Writes the pieces of all processes one after another.
     *
     * @param piece this process's piece of each segment
     * @param vector the numbers of all segments
     */
    void gather(FlatArrays piece, FlatArrays vector);

    /** Lets the device's work from now on wait for the calls so far. */
    void join();

    /**
     * Adds up a vector over all processes, in place, while other work goes on.
     *
     * @param vector the numbers of all segments
     */
    void sum(FlatArrays vector);

    /**
     * Runs several calls as one.
     *
     * @param calls the calls
     */
    void together(Runnable calls);
  }

  /** Gradients that travel segment by segment, while the backward pass goes on. */
  final class Segmented implements GradientExchange {
    private final Local local;
    private final Transport transport;
    private final Delivery delivery;
    private final Precision wanted;
    private final Map<FlatArrays, List<FlatArrays>> segments = new HashMap<>();

    /**
     * @param wanted the type of travelling where gradients are bfloat16
     */
    Segmented(Local local, Transport transport, Delivery delivery, Precision wanted) {
      this.local = local;
      this.transport = transport;
      this.delivery = delivery;
      this.wanted = wanted;
    }

    @Override
    public FlatArrays last(TrainingPass pass, Earlier earlier) {
      FlatArrays gradients = local.network.gradients();
      boolean isNarrow = gradients.precision() == Precision.BFLOAT16;
      boolean areAdded = earlier == Earlier.IN_SUMS;
      boolean isWidened = isNarrow && wanted == Precision.FLOAT32;
      boolean isNarrowed = isNarrow && !isWidened && areAdded;
      FlatArrays travelling = isWidened || (areAdded && !isNarrow) ? local.sums.get() : gradients;
      boolean[] sent = new boolean[local.network.segments().length];
      pass.backward(
          segment -> {
            prepare(segment, areAdded, isWidened, isNarrowed);
            delivery.send(segment, segments(travelling).get(segment));
            sent[segment] = true;
          });
      transport.together(
          () -> {
            for (int segment = 0; segment < sent.length; segment++) {
              if (!sent[segment]) {
                prepare(segment, areAdded, isWidened, isNarrowed);
                delivery.send(segment, segments(travelling).get(segment));
              }
            }
          });
      return delivery.delivered(travelling);
    }

    /** Brings a segment into the array that travels. */
    private void prepare(int segment, boolean areAdded, boolean isWidened, boolean isNarrowed) {
      OptimizerKernels kernels = local.kernels();
      FlatArrays gradient = segments(local.network.gradients()).get(segment);
      if (areAdded) {
        kernels.add(segments(local.sums.get()).get(segment), gradient);
      } else if (isWidened) {
        kernels.copy(segments(local.sums.get()).get(segment), gradient);
      }
      if (isNarrowed) {
        kernels.copy(gradient, segments(local.sums.get()).get(segment));
      }
    }

    private List<FlatArrays> segments(FlatArrays all) {
      return segments.computeIfAbsent(all, each -> ShardPieces.segments(local.network, each));
    }
  }

  /** The part of the sums that a process gets. */
  sealed interface Delivery {
    /**
     * Sends a segment of this process's gradients.
     *
     * @param number the segment's number, from 0, in the order of the parameters
     * @param segment its gradients
     */
    void send(int number, FlatArrays segment);

    /**
     * {@return the sums, where {@code travelling} was sent}
     *
     * @param travelling the segment that was sent
     */
    FlatArrays delivered(FlatArrays travelling);
  }

  /**
   * The delivery of all sums to every process.
   *
   * @param transport carries numbers between processes
   */
  record ToAll(Transport transport) implements Delivery {
    @Override
    public void send(int number, FlatArrays segment) {
      transport.sum(segment);
    }

    @Override
    public FlatArrays delivered(FlatArrays travelling) {
      return travelling;
    }
  }

  /** The delivery to every process of the sums of its pieces. */
  final class ToOwners implements Delivery {
    private final Transport transport;
    private final ShardPieces pieces;
    private final Map<Precision, FlatArrays> shards = new EnumMap<>(Precision.class);
    private final Map<Precision, List<FlatArrays>> inShard = new EnumMap<>(Precision.class);
    private final FlatArrays like;

    ToOwners(Local local, Transport transport, Share share) {
      this.transport = transport;
      this.pieces = new ShardPieces(local.network, share);
      this.like = local.network.gradients();
    }

    @Override
    public void send(int number, FlatArrays segment) {
      Precision precision = segment.precision();
      List<FlatArrays> to = inShard.computeIfAbsent(precision, each -> pieces.inShard(shard(each)));
      transport.scatterSum(segment, to.get(number));
    }

    private FlatArrays shard(Precision precision) {
      return shards.computeIfAbsent(precision, each -> like.shard(pieces.shardLength(), each));
    }

    @Override
    public FlatArrays delivered(FlatArrays travelling) {
      return shard(travelling.precision());
    }
  }
}
