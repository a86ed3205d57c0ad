// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.Device;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.core.internal.cuda.GpuMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The peak memory of this process.
 *
 * @param place {@code device}: all memory in use on the GPU, where the engine keeps what it has
 *     once taken; {@code process}: the peak of the resident memory, on a CPU
 * @param peakBytes 0 where the system does not tell it
 */
record ProcessMemory(String place, long peakBytes) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");
  private static final long KIB = 1024;
  private static final double GIB = 1L << 30;

  static ProcessMemory of(Device device) {
    OptionalLong onDevice = GpuMemory.used(device);
    return onDevice.isPresent()
        ? new ProcessMemory("device", onDevice.getAsLong())
        : new ProcessMemory("process", resident());
  }

  private static long resident() {
    if (!Files.isReadable(STATUS)) {
      return 0;
    }
    try {
      Matcher peak = PEAK.matcher(Files.readString(STATUS));
      return peak.find() ? KIB * Long.parseLong(peak.group(1)) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  double gib() {
    return peakBytes / GIB;
  }

  ObjectNode json() {
    return Json.object().put("place", place).put("peakBytes", peakBytes);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f GiB at most (%s)", gib(), place);
  }
}
