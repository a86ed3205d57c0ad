// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.nccl.NcclGroup;
import io.github.md4.core.internal.torch.FlatArrays;

/** Processes with a GPU each: gradients travel between the GPUs, all else between the hosts. */
record NcclCommunicator(Share share, Control control, ParallelConfig config, NcclGroup group)
    implements Connected {
  @Override
  public String description() {
    return share.size() + " processes, NCCL";
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
  public void close() {
    group.close();
    control.close();
  }
}
