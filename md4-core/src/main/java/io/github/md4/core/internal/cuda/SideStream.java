// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/**
 * A queue of a GPU's work beside libtorch's. Neither waits for the other unless told to; the host
 * waits for none.
 */
public final class SideStream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;
  private static final int WITHOUT_TIMING = 2;

  private final CudaDevice device;
  private final Pointer stream;
  private final Pointer ahead;
  private final Pointer done;

  public SideStream(CudaDevice device) {
    this.device = device;
    device.use();
    PointerByReference created = new PointerByReference();
    Cuda.check(Cuda.cuStreamCreate(created, NON_BLOCKING), "making a stream");
    this.stream = created.getValue();
    this.ahead = event();
    this.done = event();
  }

  private static Pointer event() {
    PointerByReference created = new PointerByReference();
    Cuda.check(Cuda.cuEventCreate(created, WITHOUT_TIMING), "making an event");
    return created.getValue();
  }

  /** Returns the stream for other libraries' calls. */
  public Pointer handle() {
    return stream;
  }

  /** Lets what is queued here from now on wait for all that libtorch has queued so far. */
  public void follow() {
    device.use();
    Cuda.check(Cuda.cuEventRecord(ahead, Cuda.DEFAULT_STREAM), "recording an event");
    Cuda.check(Cuda.cuStreamWaitEvent(stream, ahead, 0), "waiting for an event");
  }

  /** Lets what libtorch queues from now on wait for all that is queued here so far. */
  public void join() {
    device.use();
    Cuda.check(Cuda.cuEventRecord(done, stream), "recording an event");
    Cuda.check(Cuda.cuStreamWaitEvent(Cuda.DEFAULT_STREAM, done, 0), "waiting for an event");
  }

  @Override
  public void close() {
    device.use();
    Cuda.check(Cuda.cuEventDestroy_v2(ahead), "giving back an event");
    Cuda.check(Cuda.cuEventDestroy_v2(done), "giving back an event");
    Cuda.check(Cuda.cuStreamDestroy_v2(stream), "giving back a stream");
  }
}
