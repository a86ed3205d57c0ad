// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.nccl.NcclGroup;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.util.List;
import java.util.function.Function;

/** Processes with a GPU each: gradients travel between the GPUs, all else between the hosts. */
record NcclCommunicator(Share share, Control control, ParallelConfig config, NcclGroup group)
    implements Communicator, GradientExchange.Transport {
  @Override
  public String description() {
    return share.size() + " processes, NCCL";
  }

  @Override
  public byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination) {
    return control.exchange(mine, combination);
  }

  @Override
  public GradientExchange gradients(GradientExchange.Local local) {
    return new GradientExchange.Segmented(
        local, this, new GradientExchange.ToAll(this), config.gradients());
  }

  @Override
  public GradientExchange gradientsOfState(GradientExchange.Local local) {
    return config.shardOptimizer()
        ? new GradientExchange.Segmented(
            local, this, new GradientExchange.ToOwners(local, this, share), config.gradients())
        : gradients(local);
  }

  @Override
  public OptimizerState state(NDManager manager, TrainableNetwork network, Trained whole) {
    return config.shardOptimizer()
        ? new ShardedState(manager, network, whole, this, this)
        : new OptimizerState.Whole(network.optimizer(), whole);
  }

  @Override
  public void sum(FlatArrays vector) {
    group.follow();
    group.sum(vector);
  }

  @Override
  public void scatterSum(FlatArrays vector, FlatArrays piece) {
    group.follow();
    group.scatterSum(vector, piece);
  }

  @Override
  public void gather(FlatArrays piece, FlatArrays vector) {
    group.follow();
    group.gather(piece, vector);
  }

  @Override
  public void together(Runnable calls) {
    group.together(calls);
  }

  @Override
  public NDArray sum(NDArray number) {
    group.follow();
    group.sum(number);
    return number;
  }

  @Override
  public void join() {
    group.join();
  }

  @Override
  public void fail(String text, int code) {
    control.fail(text, code);
  }

  @Override
  public void close() {
    group.close();
    control.close();
  }
}
