// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.TrainableNetwork;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Processes on CPUs, which send all their gradients to the first. It is meant for tests: with more
 * than a few processes or parameters the first is too slow.
 */
record TcpCommunicator(Share share, Control control, ParallelConfig config)
    implements Communicator, GradientExchange.Transport {
  @Override
  public String description() {
    return share.size() + " processes over TCP, which is for tests alone";
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
    vector.fill(sum(vector.whole().toFloatArray()));
  }

  @Override
  public void scatterSum(FlatArrays vector, FlatArrays piece) {
    float[] sums = sum(vector.whole().toFloatArray());
    int length = sums.length / share.size();
    piece.fill(Arrays.copyOfRange(sums, share.rank() * length, (share.rank() + 1) * length));
  }

  @Override
  public void gather(FlatArrays piece, FlatArrays vector) {
    float[] mine = piece.whole().toFloatArray();
    float[] all = new float[mine.length * share.size()];
    System.arraycopy(mine, 0, all, share.rank() * mine.length, mine.length);
    vector.fill(sum(all)); // zeros where the others have their pieces
  }

  private float[] sum(float[] mine) {
    ByteBuffer bytes = ByteBuffer.allocate(mine.length * Float.BYTES);
    bytes.asFloatBuffer().put(mine);
    float[] sums = new float[mine.length];
    ByteBuffer.wrap(exchange(bytes.array(), TcpCommunicator::added)).asFloatBuffer().get(sums);
    return sums;
  }

  private static byte[] added(List<byte[]> all) {
    ByteBuffer into = ByteBuffer.wrap(all.get(0));
    for (byte[] each : all.subList(1, all.size())) {
      ByteBuffer from = ByteBuffer.wrap(each);
      for (int i = 0; i < each.length; i += Float.BYTES) {
        into.putFloat(i, into.getFloat(i) + from.getFloat(i));
      }
    }
    return into.array();
  }

  @Override
  public void together(Runnable calls) {
    calls.run();
  }

  @Override
  public NDArray sum(NDArray number) {
    return number.getManager().create(sum(number.toFloatArray()), number.getShape());
  }

  @Override
  public void join() {}

  @Override
  public void fail(String text, int code) {
    control.fail(text, code);
  }

  @Override
  public void close() {
    control.close();
  }
}
