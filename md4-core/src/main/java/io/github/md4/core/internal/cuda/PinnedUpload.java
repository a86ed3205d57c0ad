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
 * Arrays on their way to the GPU, for which the host does not wait: they lie in memory that the GPU
 * reads by itself, and in one of several places in turn, so that the next step's can be written
 * while the last one's are read.
 */
public final class PinnedUpload implements Upload {
  private static final int PLACES = 4;
  private static final int ALIGNMENT = 16;
  private static final int WITHOUT_TIMING = 2;

  private final CudaDevice device;
  private final Place[] places = new Place[PLACES];
  private int turn;

  public PinnedUpload(CudaDevice device) {
    this.device = device;
    device.use();
    for (int i = 0; i < PLACES; i++) {
      places[i] = new Place();
    }
  }

  /** Goes on to the next place, once the GPU has read what was there. */
  @Override
  public void begin(long bytes) {
    device.use();
    turn = (turn + 1) % PLACES;
    places[turn].begin(bytes + (long) ALIGNMENT * ALIGNMENT);
  }

  @Override
  public void end() {
    device.use();
    places[turn].end();
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
    long from = places[turn].take(bytes, write);
    Cuda.check(
        Cuda.cuMemcpyHtoDAsync_v2(
            DeviceAddress.of(array), new Pointer(from), bytes, Cuda.DEFAULT_STREAM),
        "an upload");
    return array;
  }

  @Override
  public void close() {
    device.use();
    for (Place place : places) {
      place.close();
    }
  }

  /**
   * Returns the least power of two that is enough: a step uploads a little more or less than
   * another, and each time that memory is taken or given back the GPU is waited for.
   */
  static long roomFor(long bytes) {
    return bytes <= 1 ? 1 : Long.highestOneBit(bytes - 1) << 1;
  }

  /** Host memory that the GPU reads, and the event after which it may be written again. */
  private static final class Place implements AutoCloseable {
    private final Pointer event;
    private Pointer memory = Pointer.NULL;
    private long capacity;
    private long used;

    Place() {
      PointerByReference created = new PointerByReference();
      Cuda.check(Cuda.cuEventCreate(created, WITHOUT_TIMING), "making an event");
      event = created.getValue();
    }

    void begin(long bytes) {
      Cuda.check(Cuda.cuEventSynchronize(event), "waiting for an upload");
      used = 0;
      if (bytes > capacity) {
        free();
        grow(roomFor(bytes));
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
