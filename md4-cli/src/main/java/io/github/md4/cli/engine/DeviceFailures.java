// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import ai.djl.engine.EngineException;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.GpuMemory;
import java.util.Locale;
import java.util.Optional;

/** The failures of a device, told from the other exceptions of the engine. */
public final class DeviceFailures {
  private DeviceFailures() {}

  /**
   * Returns a {@link DeviceException} where the engine's exception says that the device is full or
   * broken, an {@link EngineUnavailableException} where the engine does not start, and any other
   * failure as it is.
   */
  public static Throwable of(Throwable failure) {
    Optional<EngineUnavailableException> unavailable = EngineFailures.of(failure);
    if (unavailable.isPresent()) {
      return unavailable.get();
    }
    if (!(failure instanceof EngineException)) {
      return failure;
    }
    String message = String.valueOf(failure.getMessage());
    Optional<String> full = GpuMemory.complaint(failure);
    Optional<String> broken = line(message, "cuda error");
    if (full.isPresent()) {
      return new DeviceException(
          "the device's memory is full; take a smaller batch: " + full.get(), failure);
    }
    if (line(message, "driver on your system is too old").isPresent()) {
      return new DeviceException(
          "the NVIDIA driver is too old for CUDA 12.1: install driver %s or later, or take --device cpu"
              .formatted(NvidiaDriver.OLDEST),
          failure);
    }
    return broken.isPresent()
        ? new DeviceException("the GPU failed: " + broken.get(), failure)
        : failure;
  }

  /**
   * Returns the first line that contains a text; the rest of a message of libtorch is a stack
   * trace.
   */
  private static Optional<String> line(String message, String text) {
    return message
        .lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).contains(text))
        .map(String::strip)
        .findFirst();
  }
}
