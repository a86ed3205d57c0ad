// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.torch.FlatArrays;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Processes on CPUs, which send all their gradients to the first. It is meant for tests: with more
 * than a few processes or parameters the first is too slow.
 */
record TcpCommunicator(Share share, Control control, ParallelConfig config) implements Connected {
  @Override
  public String description() {
    return share.size() + " processes over TCP (slow, for tests alone)";
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
  public void close() {
    control.close();
  }
}
