// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.util.List;
import java.util.function.Function;

/** The communicator of a process that is alone. */
record Alone() implements Communicator {
  @Override
  public Share share() {
    return Share.all();
  }

  @Override
  public String description() {
    return "one process";
  }

  @Override
  public byte[] exchange(byte[] mine, Function<List<byte[]>, byte[]> combination) {
    return combination.apply(List.of(mine));
  }

  @Override
  public GradientExchange gradients(GradientExchange.Local local) {
    return new GradientExchange.None(local);
  }

  @Override
  public GradientExchange gradientsOfState(GradientExchange.Local local) {
    return gradients(local);
  }

  @Override
  public OptimizerState state(NDManager manager, TrainableNetwork network, Trained whole) {
    return new OptimizerState.Whole(network.optimizer(), whole);
  }

  @Override
  public NDArray sum(NDArray number) {
    return number;
  }

  @Override
  public void join() {}

  @Override
  public void checkSame(String mine, String advice) {}

  @Override
  public void fail(String text, int code) {}

  @Override
  public void close() {}
}
