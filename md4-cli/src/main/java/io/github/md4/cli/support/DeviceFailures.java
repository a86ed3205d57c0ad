// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

import ai.djl.engine.EngineException;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.GpuMemory;
import java.util.Locale;
import java.util.Optional;

/** Says of a device that is full or broken what libtorch says of it. */
public final class DeviceFailures {
  private DeviceFailures() {}

  /** Returns what the engine's exception says of its device; any other failure as it is. */
  public static Throwable of(Throwable failure) {
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
    return broken.isPresent()
        ? new DeviceException("the GPU failed: " + broken.get(), failure)
        : failure;
  }

  /** Returns the line in which a text stands: libtorch's messages are traces around it. */
  private static Optional<String> line(String message, String text) {
    return message
        .lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).contains(text))
        .map(String::strip)
        .findFirst();
  }
}
