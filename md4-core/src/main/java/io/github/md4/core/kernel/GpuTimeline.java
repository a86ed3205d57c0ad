// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.Device;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.md4.core.kernel.CudaProgram.Grid;
import java.util.Map;
import java.util.Optional;

/** The order of a GPU's work in time: marks in it, and pauses. */
public final class GpuTimeline implements AutoCloseable {
  private static final long NANOS_A_MILLISECOND = 1_000_000;
  private static final String PAUSE =
      """
      __device__ __forceinline__ long now() {
        long t;
        asm volatile("mov.u64 %0, %globaltimer;" : "=l"(t));
        return t;
      }
      extern "C" __global__ void pause(long nanos) {
        long end = now() + nanos;
        while (now() < end) __nanosleep(1000);
      }
      """;

  private final CudaDevice device;
  private final CudaProgram program;

  private GpuTimeline(CudaDevice device, CudaProgram program) {
    this.device = device;
    this.program = program;
  }

  /** Returns a GPU's, or nothing for a CPU and where there is no CUDA compiler. */
  public static Optional<GpuTimeline> of(Device device) {
    if (!device.isGpu() || !Cuda.isAvailable()) {
      return Optional.empty();
    }
    CudaDevice cuda = new CudaDevice(device.getDeviceId());
    return Nvrtc.find()
        .map(nvrtc -> new GpuTimeline(cuda, CudaProgram.compile(nvrtc, cuda, PAUSE, Map.of())));
  }

  /** Queues so many milliseconds in which the GPU does nothing. */
  public void pause(double milliseconds) {
    program.launch("pause", new Grid(1, 1, 1), (long) (milliseconds * NANOS_A_MILLISECOND));
  }

  /** A moment between what was queued before and after it. */
  public static final class Mark implements AutoCloseable {
    private final Pointer event;

    private Mark(Pointer event) {
      this.event = event;
    }

    @Override
    public void close() {
      Cuda.check(Cuda.cuEventDestroy_v2(event), "giving back an event");
    }
  }

  /** Queues a mark. */
  public Mark mark() {
    device.use();
    PointerByReference event = new PointerByReference();
    Cuda.check(Cuda.cuEventCreate(event, 0), "making an event");
    Cuda.check(Cuda.cuEventRecord(event.getValue(), Cuda.DEFAULT_STREAM), "recording an event");
    return new Mark(event.getValue());
  }

  /** Waits for both marks and returns the milliseconds between them. */
  public double milliseconds(Mark first, Mark second) {
    device.use();
    Cuda.check(Cuda.cuEventSynchronize(second.event), "waiting for an event");
    FloatByReference time = new FloatByReference();
    Cuda.check(Cuda.cuEventElapsedTime(time, first.event, second.event), "timing");
    return time.getValue();
  }

  @Override
  public void close() {
    program.close();
  }
}
