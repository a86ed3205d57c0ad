// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * Uploads for which the host does not wait. Values are staged in pinned memory, in several buffers
 * in turn, so that the next step's values are written while the last step's are read.
 */
public final class PinnedUpload implements Upload {
  private static final int BUFFERS = 4;
  private static final int ALIGNMENT = 16;
  private static final int WITHOUT_TIMING = 2;

  private final CudaDevice device;
  private final Buffer[] buffers = new Buffer[BUFFERS];
  private int turn;

  public PinnedUpload(CudaDevice device) {
    this.device = device;
    device.use();
    for (int i = 0; i < BUFFERS; i++) {
      buffers[i] = new Buffer();
    }
  }

  /** Takes the next buffer, after the GPU has read its previous content. */
  @Override
  public void begin(long bytes) {
    device.use();
    turn = (turn + 1) % BUFFERS;
    buffers[turn].begin(bytes + (long) ALIGNMENT * ALIGNMENT);
  }

  @Override
  public void end() {
    device.use();
    buffers[turn].end();
  }

  @Override
  public NDArray longs(NDManager scope, long[] values, Shape shape) {
    return array(scope, shape, DataType.INT64, to -> to.asLongBuffer().put(values));
  }

  @Override
  public NDArray ints(NDManager scope, int[] values, Shape shape) {
    return array(scope, shape, DataType.INT32, to -> to.asIntBuffer().put(values));
  }

  @Override
  public NDArray floats(NDManager scope, float[] values, Shape shape) {
    return array(scope, shape, DataType.FLOAT32, to -> to.asFloatBuffer().put(values));
  }

  @Override
  public NDArray bytes(NDManager scope, byte[] values, Shape shape) {
    return array(scope, shape, DataType.UINT8, to -> to.put(values));
  }

  private NDArray array(NDManager scope, Shape shape, DataType type, Consumer<ByteBuffer> write) {
    int bytes = Math.toIntExact(shape.size() * type.getNumOfBytes());
    NDArray array = scope.create(shape, type);
    long from = buffers[turn].take(bytes, write);
    Cuda.check(
        Cuda.cuMemcpyHtoDAsync_v2(
            DeviceAddress.of(array), new Pointer(from), bytes, Cuda.DEFAULT_STREAM),
        "an upload");
    return array;
  }

  @Override
  public void close() {
    device.use();
    for (Buffer buffer : buffers) {
      buffer.close();
    }
  }

  /**
   * Returns the least power of two that holds the bytes. Steps upload slightly different sizes, and
   * each allocation would wait for the GPU.
   */
  static long capacityFor(long bytes) {
    return bytes <= 1 ? 1 : Long.highestOneBit(bytes - 1) << 1;
  }

  /** Pinned host memory, and the event after which it may be written again. */
  private static final class Buffer implements AutoCloseable {
    private final Pointer event;
    private Pointer memory = Pointer.NULL;
    private long capacity;
    private long used;

    Buffer() {
      PointerByReference created = new PointerByReference();
      Cuda.check(Cuda.cuEventCreate(created, WITHOUT_TIMING), "making an event");
      event = created.getValue();
    }

    void begin(long bytes) {
      Cuda.check(Cuda.cuEventSynchronize(event), "waiting for an upload");
      used = 0;
      if (bytes > capacity) {
        free();
        grow(capacityFor(bytes));
      }
    }

    private void grow(long bytes) {
      PointerByReference allocated = new PointerByReference();
      Cuda.check(Cuda.cuMemHostAlloc(allocated, bytes, 0), "taking memory for uploads");
      memory = allocated.getValue();
      capacity = bytes;
    }

    long take(int bytes, Consumer<ByteBuffer> write) {
      if (used + bytes > capacity) {
        throw new IllegalStateException(
            "more is uploaded than was announced: %d, %d".formatted(used + bytes, capacity));
      }
      write.accept(memory.getByteBuffer(used, bytes).order(ByteOrder.nativeOrder()));
      long from = Pointer.nativeValue(memory) + used;
      used += (bytes + ALIGNMENT - 1L) / ALIGNMENT * ALIGNMENT;
      return from;
    }

    void end() {
      Cuda.check(Cuda.cuEventRecord(event, Cuda.DEFAULT_STREAM), "recording an event");
    }

    private void free() {
      if (capacity > 0) {
        Cuda.check(Cuda.cuMemFreeHost(memory), "giving back memory of uploads");
        capacity = 0;
      }
    }

    @Override
    public void close() {
      free();
      Cuda.check(Cuda.cuEventDestroy_v2(event), "giving back an event");
    }
  }
}
