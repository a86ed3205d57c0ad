// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import io.github.md4.core.DeviceException;
import io.github.md4.core.NearestName;
import io.github.md4.core.internal.torch.NativeLibraries;
import io.github.md4.core.network.Tf32;
import io.github.md4.train.parallel.Job;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The choice of the device that networks run on. */
public sealed interface DeviceChoice {

  /**
   * Returns the device, on which float32 is float32: products and convolutions are not rounded to
   * TF32.
   *
   * @throws DeviceException if it no such file
   */
  default Device find() {
    checkLibraries();
    Tf32.forbid();
    return device();
  }

  /**
   * Returns the device as it is.
   *
   * @throws DeviceException if it no such file
   */
  Device device();

  /**
   * Checks the engine's libraries, which is to be done before its first use.
   *
   * @throws io.github.md4.core.InvalidDataException if one is damaged
   */
  static void checkLibraries() {
    NativeLibraries.check();
  }

  /** Returns the choice written as {@code cpu}, {@code gpu} or {@code gpu:N}. */
  static DeviceChoice parse(String text) {
    Matcher gpu = Gpu.FORM.matcher(text);
    if (gpu.matches()) {
      return new Gpu(gpu.group(1) == null ? 0 : Integer.parseInt(gpu.group(1)));
    }
    if (text.equals("cpu")) {
      return new Cpu();
    }
    String hint =
        text.matches("cuda(:\\d+)?")
            ? "; did you mean " + text.replace("cuda", "gpu") + "?"
            : NearestName.hint(List.of("cpu", "gpu"), text);
    throw new IllegalArgumentException("device must be cpu, gpu or gpu:N: " + text + hint);
  }

  /** Returns the text that {@link #parse} reads as a device. */
  static String name(Device device) {
    return device.isGpu() ? "gpu:" + device.getDeviceId() : "cpu";
  }

  /**
   * The first GPU if there is one, else the CPU. Of several processes on a machine each takes the
   * GPU of its local rank, or the only one that it is shown.
   */
  record Fastest() implements DeviceChoice {
    @Override
    public Device device() {
      return switch (Gpu.count()) {
        case 0 -> Device.cpu();
        case 1 -> Device.gpu();
        default -> ofLocalRank(Job.of(System.getenv()).localRank(), Gpu.count());
      };
    }

    static Device ofLocalRank(int localRank, int count) {
      if (localRank >= count) {
        throw new DeviceException(
            "no GPU is there for the local rank %d: gpu:0 to gpu:%d exist; start at most as many"
                    .formatted(localRank, count - 1)
                + " processes on a machine as it has GPUs");
      }
      return Device.gpu(localRank);
    }
  }

  /** The CPU. */
  record Cpu() implements DeviceChoice {
    @Override
    public Device device() {
      return Device.cpu();
    }
  }

  /** A GPU by its number, from 0. */
  record Gpu(int number) implements DeviceChoice {
    private static final Pattern FORM = Pattern.compile("gpu(?::(\\d{1,4}))?");

    @Override
    public Device device() {
      int count = count();
      if (count == 0) {
        throw new DeviceException("no GPU is there: " + reason() + "; or take --device cpu");
      }
      if (number >= count) {
        throw new DeviceException(
            "no GPU is there: gpu:%d is asked for, gpu:0 to gpu:%d exist"
                .formatted(number, count - 1));
      }
      return Device.gpu(number);
    }

    private static String reason() {
      return hasCuda() ? driver() : "this build is for the CPU alone; build with mvn -Pcuda";
    }

    private static String driver() {
      try {
        return NvidiaDriver.loaded()
            .map(
                found ->
                    found.isTooOld()
                        ? "the NVIDIA driver %s is too old for CUDA 12.1, it takes %s or later"
                            .formatted(found.version(), NvidiaDriver.OLDEST)
                        : "the NVIDIA driver shows none (nvidia-smi lists what it sees)")
            .orElse("no NVIDIA driver is loaded (nvidia-smi tells it)");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static int count() {
      return hasCuda() ? Engine.getInstance().getGpuCount() : 0;
    }

    private static boolean hasCuda() {
      return Engine.getInstance().hasCapability(StandardCapabilities.CUDA);
    }
  }
}
