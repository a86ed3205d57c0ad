// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.ptr.LongByReference;
import io.github.md4.core.DeviceException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** The memory of a GPU: its use, the engine's cache, and the engine's message when it is full. */
public final class GpuMemory {

  /** libtorch's wording for a GPU and for a CPU. */
  private static final Pattern FULL =
      Pattern.compile("out of memory|can't allocate memory", Pattern.CASE_INSENSITIVE);

  private GpuMemory() {}

  /**
   * Returns the bytes in use on a GPU by any process; empty for a CPU, or where the driver is
   * unavailable.
   */
  public static OptionalLong used(Device device) {
    return read(device).map(use -> OptionalLong.of(use.used)).orElseGet(OptionalLong::empty);
  }

  /**
   * A GPU's memory.
   *
   * @param used bytes in use by any process
   * @param size all of its bytes
   */
  public record Use(long used, long size) {}

  /** Returns the memory in use and the size of a GPU's memory; empty as for {@link #used}. */
  public static Optional<Use> read(Device device) {
    if (!device.isGpu() || !Cuda.isAvailable()) {
      return Optional.empty();
    }
    new CudaDevice(device.getDeviceId()).use();
    LongByReference free = new LongByReference();
    LongByReference all = new LongByReference();
    Cuda.check(Cuda.cuMemGetInfo_v2(free, all), "asking for its memory");
    return Optional.of(new Use(all.getValue() - free.getValue(), all.getValue()));
  }

  /**
   * Returns the line of an engine's exception that says that a device's memory is full; empty for
   * any other failure.
   */
  public static Optional<String> complaint(Throwable failure) {
    return failure instanceof EngineException || failure instanceof DeviceException
        ? String.valueOf(failure.getMessage())
            .lines()
            .filter(line -> FULL.matcher(line).find())
            .map(String::strip)
            .findFirst()
        : Optional.empty();
  }

  /** Frees the memory that the engine caches on a GPU; does nothing on a CPU. */
  public static void release(Device device) {
    if (device.isGpu()) {
      release();
    }
  }

  /** Frees the memory that the engine caches on all GPUs, while nothing is recorded. */
  static void release() {
    synchronized (RecordingStream.TURN) {
      JniUtils.emptyCudaCache();
    }
  }
}
