// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.ptr.LongByReference;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * How much of a GPU's memory is taken, what of it the engine need not keep, and what it says when
 * full.
 */
public final class GpuMemory {

  /** How libtorch words it, for a GPU and for a CPU. */
  private static final Pattern FULL =
      Pattern.compile("out of memory|can't allocate memory", Pattern.CASE_INSENSITIVE);

  private GpuMemory() {}

  /**
   * Returns the bytes in use on a GPU, by whatever process; empty for a CPU, or where the driver
   * cannot be asked.
   */
  public static OptionalLong used(Device device) {
    return read(device).map(use -> OptionalLong.of(use.used)).orElseGet(OptionalLong::empty);
  }

  /**
   * A GPU's memory.
   *
   * @param used bytes that are taken, by whatever process
   * @param size all of its bytes
   */
  public record Use(long used, long size) {}

  /** As {@link #used}, and how many bytes there are. */
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
   * Returns what an engine's exception says of a device's memory that is full; empty for any other
   * failure.
   */
  public static Optional<String> complaint(Throwable failure) {
    return failure instanceof EngineException
        ? String.valueOf(failure.getMessage())
            .lines()
            .filter(line -> FULL.matcher(line).find())
            .map(String::strip)
            .findFirst()
        : Optional.empty();
  }

  /** Gives back what the engine keeps on a GPU for arrays to come; on the CPU it keeps nothing. */
  public static void release(Device device) {
    if (device.isGpu()) {
      JniUtils.emptyCudaCache();
    }
  }
}
