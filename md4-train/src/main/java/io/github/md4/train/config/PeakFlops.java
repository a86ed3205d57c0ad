// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Decimals;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.train.speed.MatmulCeiling;

/**
 * The floating-point operations a second of which a training's are a share: model FLOPs utilisation
 * (PaLM, arXiv 2204.02311, Appendix B).
 */
public sealed interface PeakFlops {

  /**
   * {@return the peak of a manager's device for products of a type, in operations a second, a
   * multiplication and an addition being two; NaN where it is not known}
   *
   * @param manager its device is asked about
   * @param precision the element type of the products
   */
  double of(NDManager manager, Precision precision);

  /**
   * {@return the choice written as {@code measured}, or as a number of operations a second, as
   * {@code 989e12}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  static PeakFlops parse(String text) {
    if (text.equals("measured")) {
      return new Measured();
    }
    try {
      return new Given(Decimals.parse(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "peakFlops must be measured or a number, as 989e12: " + text, e);
    }
  }

  /** The peak of large products on a GPU, measured when a run starts; a CPU is not measured. */
  record Measured() implements PeakFlops {
    @Override
    public double of(NDManager manager, Precision precision) {
      if (!manager.getDevice().isGpu()) {
        return Double.NaN;
      }
      try (MatmulCeiling ceiling = new MatmulCeiling(manager, precision)) {
        return ceiling.measure();
      } finally {
        GpuMemory.release(manager.getDevice()); // its matrices are large
      }
    }

    @Override
    public String toString() {
      return "measured";
    }
  }

  /**
   * A peak that is given, such as that of a data sheet.
   *
   * @param flops operations per second, above 0
   */
  record Given(double flops) implements PeakFlops {
    /**
     * Checks the number.
     *
     * @param flops operations per second, above 0
     * @throws IllegalArgumentException if {@code flops} is not above 0 and finite
     */
    public Given {
      if (!(flops > 0 && Double.isFinite(flops))) {
        throw new IllegalArgumentException("peakFlops must be positive and finite: " + flops);
      }
    }

    @Override
    public double of(NDManager manager, Precision precision) {
      return flops;
    }

    @Override
    public String toString() {
      return Double.toString(flops);
    }
  }
}
