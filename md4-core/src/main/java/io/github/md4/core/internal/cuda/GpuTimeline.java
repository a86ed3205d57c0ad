// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Marks in the queue of a GPU's work, and the times at which they are reached. */
public final class GpuTimeline {
  private static final int ROUNDS = 2;
  private static final int REPETITIONS = 3;

  private final CudaDevice device;

  private GpuTimeline(CudaDevice device) {
    this.device = device;
  }

  /** Returns the timeline of a GPU; empty for a CPU, or where the driver is unavailable. */
  public static Optional<GpuTimeline> of(Device device) {
    return device.isGpu() && Cuda.isAvailable()
        ? Optional.of(new GpuTimeline(new CudaDevice(device.getDeviceId())))
        : Optional.empty();
  }

  /** Queues a mark after all queued work. */
  public Mark mark() {
    device.use();
    PointerByReference event = new PointerByReference();
    Cuda.check(Cuda.cuEventCreate(event, 0), "making an event");
    Cuda.check(Cuda.cuEventRecord(event.getValue(), Cuda.DEFAULT_STREAM), "recording an event");
    return new Mark(device, event.getValue());
  }

  /**
   * Returns the milliseconds that work takes once it has run before: the least of several rounds;
   * infinity where it cannot be done.
   *
   * @param work queues it, and returns whether it can be done
   */
  public double leastMilliseconds(BooleanSupplier work) {
    double least = Double.POSITIVE_INFINITY;
    boolean isPossible = work.getAsBoolean();
    for (int round = 0; isPossible && round < ROUNDS; round++) {
      try (Mark start = mark()) {
        for (int i = 0; i < REPETITIONS; i++) {
          isPossible &= work.getAsBoolean();
        }
        try (Mark end = mark()) {
          least = Math.min(least, start.millisecondsTo(end) / REPETITIONS);
        }
      }
    }
    return isPossible ? least : Double.POSITIVE_INFINITY;
  }

  /** A mark in the queue of the GPU's work. */
  public static final class Mark implements AutoCloseable {
    private final CudaDevice device;
    private final Pointer event;

    private Mark(CudaDevice device, Pointer event) {
      this.device = device;
      this.event = event;
    }

    /** Returns whether the GPU has finished all work queued before this mark. */
    public boolean isReached() {
      int state = Cuda.cuEventQuery(event);
      if (state != Cuda.NOT_READY) {
        Cuda.check(state, "asking for an event");
      }
      return state != Cuda.NOT_READY;
    }

    /** Waits until the GPU has finished all work queued before this mark. */
    public void await() {
      device.use();
      Cuda.check(Cuda.cuEventSynchronize(event), "waiting for an event");
    }

    /** Waits for {@code later} and returns the milliseconds from this mark to it. */
    public double millisecondsTo(Mark later) {
      later.await();
      FloatByReference time = new FloatByReference();
      Cuda.check(Cuda.cuEventElapsedTime(time, event, later.event), "timing");
      return time.getValue();
    }

    @Override
    public void close() {
      Cuda.check(Cuda.cuEventDestroy_v2(event), "giving back an event");
    }
  }
}
