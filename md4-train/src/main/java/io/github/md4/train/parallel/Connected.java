// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/**
 * The communicator of a process that has others beside it. Hosts talk by {@link Control}; the
 * gradients take the way of each kind.
 */
sealed interface Connected extends Communicator, GradientExchange.Transport
    permits TcpCommunicator, NcclCommunicator {

  /** Returns the connections between the hosts. */
  Control control();

  /** Returns what the config says of the job. */
  ParallelConfig config();

  @Override
  default byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination) {
    return control().exchange(mine, combination);
  }

  @Override
  default GradientExchange gradients(GradientExchange.Local local) {
    return new GradientExchange.Segmented(
        local, this, new GradientExchange.ToAll(this), config().gradients());
  }

  @Override
  default GradientExchange gradientsOfState(GradientExchange.Local local) {
    return config().shardOptimizer()
        ? new GradientExchange.Segmented(
            local, this, new GradientExchange.ToOwners(local, this, share()), config().gradients())
        : gradients(local);
  }

  @Override
  default OptimizerState state(NDManager manager, TrainableNetwork network, Trained whole) {
    return config().shardOptimizer()
        ? new ShardedState(manager, network, whole, this, this)
        : new OptimizerState.Whole(network.optimizer(), whole);
  }

  @Override
  default void checkSame(String mine, String advice) {
    List<String> beginnings =
        all(mine.getBytes(StandardCharsets.UTF_8)).stream()
            .map(each -> new String(each, StandardCharsets.UTF_8))
            .toList();
    control().checkSame(beginnings, advice);
  }

  @Override
  default void fail(String text, int code) {
    control().fail(text, code);
  }

  @Override
  void join();
}
