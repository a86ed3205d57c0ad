// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import com.sun.jna.Pointer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Copies of a GPU's arrays in pinned memory, which copies take by turns. */
final class PinnedDownload implements Download {
  private final CudaDevice device;
  private final GpuTimeline timeline;
  private final List<PinnedMemory> all = new ArrayList<>();
  private final Deque<PinnedMemory> idle = new ArrayDeque<>();

  PinnedDownload(CudaDevice device, GpuTimeline timeline) {
    this.device = device;
    this.timeline = timeline;
  }

  @Override
  public Copy begin(NDArray array) {
    require(
        array.getDataType() == DataType.FLOAT32,
        "a copy must be one of float32",
        array.getDataType());
    int count = Math.toIntExact(array.size());
    int bytes = Math.multiplyExact(count, Float.BYTES);
    PinnedMemory memory = taken(bytes);
    device.use();
    Cuda.check(
        Cuda.cuMemcpyDtoHAsync_v2(
            new Pointer(memory.address()), DeviceAddress.of(array), bytes, Cuda.DEFAULT_STREAM),
        "a download");
    return new PinnedCopy(memory, count, timeline.mark());
  }

  private PinnedMemory taken(int bytes) {
    PinnedMemory found = idle.poll();
    if (found != null && found.bytes().capacity() >= bytes) {
      return found;
    }
    if (found != null) {
      all.remove(found);
      found.close();
    }
    int capacity = Math.toIntExact(PinnedUpload.capacityFor(bytes));
    PinnedMemory made = new PinnedMemory(device, capacity);
    all.add(made);
    return made;
  }

  @Override
  public void close() {
    all.forEach(PinnedMemory::close);
  }

  /** A copy, and the mark in the GPU's queue after which it is there. */
  private final class PinnedCopy implements Copy {
    private final PinnedMemory memory;
    private final int count;
    private final GpuTimeline.Mark there;

    PinnedCopy(PinnedMemory memory, int count, GpuTimeline.Mark there) {
      this.memory = memory;
      this.count = count;
      this.there = there;
    }

    @Override
    public float[] await() {
      there.await();
      float[] values = new float[count];
      memory.bytes().clear().asFloatBuffer().get(values);
      return values;
    }

    /** Waits for a copy that nobody has read: its memory goes to the next one. */
    @Override
    public void close() {
      there.await();
      there.close();
      idle.add(memory);
    }
  }
}
