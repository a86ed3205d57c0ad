// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.nccl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.SideStream;
import io.github.md4.core.internal.torch.FlatArrays;

/**
 * The GPUs of a group of processes, one each. What they do together is queued beside libtorch's
 * work; the host does not wait. All processes call the same methods in the same order.
 */
public final class NcclGroup implements AutoCloseable {
  private final CudaDevice device;
  private final SideStream stream;
  private final Pointer communicator;

  private NcclGroup(CudaDevice device, SideStream stream, Pointer communicator) {
    this.device = device;
    this.stream = stream;
    this.communicator = communicator;
  }

  /**
   * Returns a name for a new group, to be told to all of its processes.
   *
   * @throws io.github.md4.core.DeviceException if NCCL is missing or too old
   */
  public static byte[] newId() {
    Nccl.check();
    try (Memory id = new Memory(UniqueId.BYTES)) {
      Nccl.check(Nccl.ncclGetUniqueId(id), "naming a group");
      return id.getByteArray(0, UniqueId.BYTES);
    }
  }

  /**
   * Joins a group; waits until all of its processes have.
   *
   * @param gpu of this process
   * @param id as {@link #newId} has named the group
   * @throws io.github.md4.core.DeviceException if NCCL is missing or too old
   */
  public static NcclGroup join(Device gpu, byte[] id, int rank, int size) {
    Nccl.check();
    CudaDevice device = new CudaDevice(gpu.getDeviceId());
    device.use();
    PointerByReference created = new PointerByReference();
    Nccl.check(
        Nccl.ncclCommInitRank(created, size, UniqueId.ByValue.of(id), rank), "joining a group");
    return new NcclGroup(device, new SideStream(device), created.getValue());
  }

  /** Several calls that are carried out as one. */
  public void together(Runnable calls) {
    device.use();
    Nccl.check(Nccl.ncclGroupStart(), "beginning a group of calls");
    try {
      calls.run();
    } finally {
      Nccl.check(Nccl.ncclGroupEnd(), "ending a group of calls");
    }
  }

  /** Lets the following calls wait for libtorch's work so far. */
  public void follow() {
    stream.follow();
  }

  /** Lets libtorch's work from now on wait for the calls so far. */
  public void join() {
    stream.join();
  }

  /** Replaces the vector by its sum over all processes. */
  public void sum(FlatArrays vector) {
    sum(vector.whole(), type(vector.precision()));
  }

  /** As {@link #sum(FlatArrays)}; for a float32 array that lies in one piece. */
  public void sum(NDArray array) {
    sum(array, Nccl.FLOAT32);
  }

  private void sum(NDArray array, int type) {
    device.use();
    long address = DeviceAddress.of(array);
    Nccl.check(
        Nccl.ncclAllReduce(
            address,
            address,
            array.getShape().size(),
            type,
            Nccl.SUM,
            communicator,
            stream.handle()),
        "a sum");
  }

  /**
   * Writes to {@code piece} this process's piece of the sum over all processes.
   *
   * @param piece as long as {@code vector} over the number of processes, of the same type
   */
  public void scatterSum(FlatArrays vector, FlatArrays piece) {
    device.use();
    Nccl.check(
        Nccl.ncclReduceScatter(
            DeviceAddress.of(vector.whole()),
            DeviceAddress.of(piece.whole()),
            piece.whole().getShape().size(),
            type(piece.precision()),
            Nccl.SUM,
            communicator,
            stream.handle()),
        "a scattered sum");
  }

  /** Writes to {@code vector} the pieces of all processes, in the order of their ranks. */
  public void gather(FlatArrays piece, FlatArrays vector) {
    device.use();
    Nccl.check(
        Nccl.ncclAllGather(
            DeviceAddress.of(piece.whole()),
            DeviceAddress.of(vector.whole()),
            piece.whole().getShape().size(),
            type(piece.precision()),
            communicator,
            stream.handle()),
        "a gathering");
  }

  /**
   * Checks that nothing has failed behind the host's back.
   *
   * @throws io.github.md4.core.DeviceException if something has
   */
  public void check() {
    IntByReference error = new IntByReference();
    Nccl.check(Nccl.ncclCommGetAsyncError(communicator, error), "asking for failures");
    Nccl.check(error.getValue(), "what it does with the other processes");
  }

  private static int type(Precision precision) {
    return precision == Precision.BFLOAT16 ? Nccl.BFLOAT16 : Nccl.FLOAT32;
  }

  @Override
  public void close() {
    device.use();
    Nccl.check(Nccl.ncclCommDestroy(communicator), "leaving a group");
    stream.close();
  }
}
