// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.kernel.Precision;
import java.util.Locale;

/**
 * How a network computes in training, of no effect on what it computes but for rounding.
 *
 * @param kernels which code does the work
 * @param stream the type of the residual stream where products are bfloat16
 * @param recompute what is computed again on the way back rather than kept
 */
public record TrainingOptions(Kernels kernels, Precision stream, Recompute recompute) {

  /** Returns the fastest code, a float32 stream, and nothing computed twice. */
  public static TrainingOptions defaults() {
    return new TrainingOptions(Kernels.AUTO, Precision.FLOAT32, Recompute.NONE);
  }

  /** Which code does the work. */
  public enum Kernels {
    /** Our own CUDA kernels where they run, else TorchScript. */
    AUTO,
    /** TorchScript and its automatic differentiation, on any device. */
    TORCHSCRIPT,
    /** Our own CUDA kernels and a hand-written backward, or an error. */
    FUSED;

    /** Returns the choice written as {@code auto}, {@code torchscript} or {@code fused}. */
    public static Kernels parse(String text) {
      for (Kernels kernels : values()) {
        if (kernels.toString().equals(text)) {
          return kernels;
        }
      }
      throw new IllegalArgumentException("kernels must be auto, torchscript or fused: " + text);
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is computed again on the way back rather than kept. */
  public enum Recompute {
    /** Nothing: the fastest. */
    NONE,
    /** All of a layer but its input: a third more arithmetic, a fraction of the memory. */
    LAYER;

    /** Returns whether it is there to save memory. */
    public boolean savesMemory() {
      return this != NONE;
    }

    /** Returns the choice written as {@code none} or {@code layer}. */
    public static Recompute parse(String text) {
      for (Recompute recompute : values()) {
        if (recompute.toString().equals(text)) {
          return recompute;
        }
      }
      throw new IllegalArgumentException("recompute must be none or layer: " + text);
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
