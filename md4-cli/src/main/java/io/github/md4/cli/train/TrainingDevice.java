// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.Device;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Tf32;
import io.github.md4.train.config.TrainingConfig;
import java.io.PrintWriter;

/**
 * The device of a training, with TF32 allowed or forbidden. It is set before the engine is first
 * used.
 */
public final class TrainingDevice {
  private TrainingDevice() {}

  /**
   * Returns the device.
   *
   * @param err gets a line where the config asks for TF32
   */
  public static Device find(TrainingConfig training, DeviceChoice choice, PrintWriter err) {
    if (!training.computation().tf32()) {
      return choice.find();
    }
    DeviceChoice.checkLibraries();
    Tf32.allow();
    Device device = choice.device();
    boolean isOfUse = device.isGpu() && training.computation().precision() == Precision.FLOAT32;
    err.println(
        isOfUse
            ? "md4: training.tf32: float32 products are rounded to TF32"
            : "md4: training.tf32 has an effect only on float32 products on a GPU");
    return device;
  }
}
